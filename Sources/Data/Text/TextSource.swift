internal import Formats
internal import Foundation
package import Modelling

/// Text files as items.
package struct TextSource {
  package let path: String
  /// Of a model; nil: all characters of the file.
  package let vocabulary: Vocabulary?

  package init(_ path: String, vocabulary: Vocabulary? = nil) { (self.path, self.vocabulary) = (path, vocabulary) }

  /// One long text, whose characters are the items; windows of it make longer ones.
  package func stream() throws -> DataSet {
    let (file, text) = try read()
    let codes = try TextCodes(text, name: path, vocabulary: vocabulary)
    guard codes.count > 1 else { throw DataError("\(path) has \(codes.count) characters, expected 2 or more") }
    return DataSet(
      name: path, rows: CharacterRows(codes: codes), signature: try Self.signature(codes.vocabulary, 1), digest: file.digest, order: .stream)
  }

  /// One long text, cut into texts as long as a model takes, of which the last is as long as what is left.
  func pieces(for space: TokenSpace) throws -> DataSet {
    let (file, text) = try read()
    let codes = try TextCodes(text, name: path, vocabulary: space.vocabulary)
    guard codes.count > 0 else { throw DataError("\(path) has no character") }
    let starts = stride(from: 0, to: codes.count, by: space.atMost)
    return DataSet(
      name: path,
      rows: TextRows(codes: codes, texts: starts.map { $0..<min($0 + space.atMost, codes.count) }, width: min(space.atMost, codes.count)),
      signature: Signature(.tokens(space)), digest: file.digest)
  }

  /// One text a line, for a model that takes such texts.
  func lines(for space: TokenSpace) throws -> DataSet {
    let (codes, texts, file) = try TextSource(path, vocabulary: space.vocabulary).lineTexts()
    if let place = texts.firstIndex(where: { $0.count > space.atMost }) {
      throw DataError("text \(place) of \(path) has \(texts[place].count) characters, the model takes \(space.atMost) at most")
    }
    return DataSet(
      name: path, rows: TextRows(codes: codes, texts: texts, width: texts.map(\.count).max() ?? 0), signature: Signature(.tokens(space)),
      digest: file.digest)
  }

  /// One text a line; empty lines are no items, and CR LF ends a line as LF does.
  package func lines() throws -> DataSet {
    let (codes, texts, file) = try lineTexts()
    let width = texts.map(\.count).max() ?? 0
    return DataSet(
      name: path, rows: TextRows(codes: codes, texts: texts, width: width), signature: try Self.signature(codes.vocabulary, width),
      digest: file.digest)
  }

  fileprivate func lineTexts(keepingEmpty: Bool = false) throws -> (TextCodes, [Range<Int>], MappedFile) {
    let (file, text) = try read()
    // Once by itself, so that errors name the place in the file.
    try TextCodes.forEachCharacter(of: text, path) { _ in }
    // The ends of lines are characters of the file and none of its texts.
    var (lines, characters): ([Range<Int>], Int) = ([], 0)
    var content = Data()
    content.reserveCapacity(text.count)
    for bytes in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let body = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
      content.append(body)
      // Bytes that go on with a character begin with the bits 10.
      let count = body.count { $0 & 0xC0 != 0x80 }
      lines.append(characters..<characters + count)
      characters += count
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    let texts = keepingEmpty ? lines : lines.filter { !$0.isEmpty }
    guard !texts.isEmpty else { throw DataError("\(path) has no line with text") }
    return (try TextCodes(content, name: path, vocabulary: vocabulary), texts, file)
  }

  private func read() throws -> (MappedFile, Data) {
    let file = try MappedFile(path)
    return (file, try file.unpacked())
  }

  private static func signature(_ vocabulary: Vocabulary, _ atMost: Int) throws -> Signature {
    let signature = Signature(.tokens(TokenSpace(vocabulary, atMost: atMost)))
    try signature.check()
    return signature
  }
}

/// Two files of lines, of which line i of one belongs to line i of the other, such as sentences and their translations.
package struct PairSource {
  package let source: TextSource
  package let target: TextSource

  package init(_ source: TextSource, _ target: TextSource) { (self.source, self.target) = (source, target) }

  /// Items of two parts, `source` and `target`.
  package func items() throws -> DataSet {
    let (codes, texts, file) = try source.lineTexts(keepingEmpty: true)
    let (targetCodes, targetTexts, targetFile) = try target.lineTexts(keepingEmpty: true)
    guard texts.count == targetTexts.count else {
      throw DataError("\(source.path) has \(texts.count) lines and \(target.path) \(targetTexts.count), expected as many")
    }
    if let line = texts.indices.first(where: { texts[$0].isEmpty || targetTexts[$0].isEmpty }) {
      throw DataError("line \(line + 1) of \((texts[line].isEmpty ? source : target).path) is empty, expected a text in both files")
    }
    let rows = [
      TextRows(codes: codes, texts: texts, width: texts.map(\.count).max() ?? 0),
      TextRows(codes: targetCodes, texts: targetTexts, width: targetTexts.map(\.count).max() ?? 0),
    ]
    let space = ProductSpace(
      zip(["source", "target"], rows).map { .init($0, .tokens(TokenSpace($1.codes.vocabulary, atMost: $1.width))) })
    let signature = Signature(.product(space))
    try signature.check()
    return DataSet(
      name: "\(source.path) and \(target.path)", rows: JoinedRows(parts: rows), signature: signature,
      digest: SHA256.digest(Array("\(file.digest) \(targetFile.digest)".utf8)))
  }
}

/// Items whose parts stand in several sources, side by side.
struct JoinedRows: ItemRows {
  let parts: [any ItemRows]
  var width: Int { parts.reduce(0) { $0 + $1.width } }
  var count: Int { parts[0].count }
  var holdsFloats: Bool { parts.contains { $0.holdsFloats } }

  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    var start = 0
    for part in parts {
      part.write(place, to: out + start)
      start += part.width
    }
  }
}
