/// The chunked transfer coding (RFC 9112 §7.1): size, data, CRLF, ... 0, trailers.
extension RequestParser {
  /// The data of every chunk that has come, in one piece: a body of a thousand one-byte chunks is still one event.
  ///
  /// Nil when no data has come; `state` then says whether the chunks ended, failed, or are still to come. An error waits in
  /// `state` until the data before it has been taken.
  mutating func takeChunks() -> [UInt8]? {
    var data: [UInt8] = []
    do throws(ParseError) {
      scan: while true {
        switch state {
        case .chunkSize:
          guard let line = try takeLine(limit: 16 + limits.chunkExtensionBytes, tooLong: .chunkExtensionsTooLong) else { break scan }
          let bytes = buffer
          let size = try readChunkSize(bytes.span.extracting(line))
          state = size == 0 ? .trailers : .chunkData(remaining: size)
          sectionBytes = 0
          if size == 0 { break scan }
        case .chunkData(let remaining):
          let count = min(remaining, buffer.count - start)
          guard count > 0 else { break scan }
          data.append(contentsOf: buffer[start..<start + count])
          start += count
          state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
        case .chunkEnd:
          guard start < buffer.count else { break scan }
          guard buffer[start] == .carriageReturn else { throw .missingChunkEnd }
          guard start + 1 < buffer.count else { break scan }
          guard buffer[start + 1] == .lineFeed else { throw .missingChunkEnd }
          start += 2
          state = .chunkSize
        case .requestLine, .fields, .body, .trailers, .end, .failed:
          break scan
        }
      }
    } catch {
      state = .failed(error)
    }
    return data.isEmpty ? nil : data
  }

  /// `chunk-size [ chunk-ext ]`: hexadecimal digits alone; extensions are held to their grammar and a bound, and say nothing here (RFC 9112 §7.1.1).
  private mutating func readChunkSize(_ line: Span<UInt8>) throws(ParseError) -> Int {
    var size = 0
    var index = 0
    while index < line.count, let digit = line[index].hexDigit {
      guard index < 16, size <= Int.max >> 4 else { throw .chunkSizeOverflow }
      size = size << 4 | digit
      index += 1
    }
    guard index > 0 else { throw .invalidChunkSize }
    guard index < line.count else { return size }
    extensionBytes += line.count - index
    guard extensionBytes <= limits.chunkExtensionBytes else { throw .chunkExtensionsTooLong }
    try Self.checkExtensions(line.extracting(index..<line.count).withUnsafeBufferPointer { Array($0) })
    return size
  }

  /// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`.
  private static func checkExtensions(_ text: [UInt8]) throws(ParseError) {
    var index = 0
    func skipBlanks() { while index < text.count, text[index].isBlank { index += 1 } }
    func skipToken() -> Bool {
      let start = index
      while index < text.count, text[index].isTokenByte { index += 1 }
      return index > start
    }
    func skipQuoted() -> Bool {
      index += 1
      while index < text.count, text[index] != UInt8(ascii: "\"") {
        if text[index] == UInt8(ascii: "\\") { index += 1 }
        guard index < text.count, text[index].isFieldByte else { return false }
        index += 1
      }
      index += 1
      return index <= text.count
    }
    skipBlanks()
    guard index < text.count, text[index] == .semicolon else { throw .invalidChunkSize }
    guard text.last?.isBlank == false else { throw .invalidChunkExtension }
    while index < text.count {
      guard text[index] == .semicolon else { throw .invalidChunkExtension }
      index += 1
      skipBlanks()
      guard skipToken() else { throw .invalidChunkExtension }
      skipBlanks()
      guard index < text.count, text[index] == UInt8(ascii: "=") else { continue }
      index += 1
      skipBlanks()
      let isQuoted = index < text.count && text[index] == UInt8(ascii: "\"")
      guard isQuoted ? skipQuoted() : skipToken() else { throw .invalidChunkExtension }
      skipBlanks()
    }
  }
}
