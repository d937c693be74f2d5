package import Formats

/// Reads a stream that `BitsWriter` wrote, all of it or any chunk alone; of a file no more than header, index and the chunks that are asked for.
///
/// A stream of another model or version, with a bit flipped or bytes missing, and one whose model computes other numbers here than where it was
/// written, are refused: what is read is what was written, or an error.
package struct BitsReader: Sendable {
  package let header: BitsHeader
  private let stream: any BitsSource
  private let index: BitsIndex
  private let end: Int
  private let checksum: UInt32

  /// - Parameters:
  ///   - model: the digest of the model at hand.
  ///   - codec: the version of the codec at hand.
  package init(_ stream: any BitsSource, model: Digest, codec: UInt32, limits: BitsLimits = .standard) throws(CodingError) {
    var reader = WordReader(try stream.bytes(in: 0..<min(stream.byteCount, BitsHeader.mostBytes(limits))), "header")
    header = try BitsHeader(&reader, limits: limits)
    guard header.model == model else { throw CodingError(.otherModel, "model", given: "\(model)", expected: "\(header.model)") }
    guard header.codec == codec else { throw CodingError(.unsupported, "codec version", given: "\(header.codec)", expected: "\(codec)") }
    checksum = header.checksum
    (index, end) = try BitsIndex.read(stream, headerSize: reader.place, after: checksum, limits: limits)
    self.stream = stream
  }

  /// The items of each chunk, by their numbers in the stream.
  package var chunks: [Range<Int>] {
    var first = 0
    return index.chunks.map { chunk in
      defer { first += chunk.items }
      return first..<first + chunk.items
    }
  }

  /// Refuses a chunk whose bytes are not those that were written, without reading its items.
  package func check(chunk: Int) throws(CodingError) { _ = try words(of: chunk, above: try start(of: chunk)) }

  /// - Parameters:
  ///   - chunk: its number.
  ///   - codec: the inverse of the one that wrote it, for so many items.
  ///   - bytes: of the symbol, as they were given to the writer.
  package func read<C: Codec>(
    chunk: Int, with codec: (_ items: Int) throws(CodingError) -> C, bytes: (C.Symbol) -> [UInt8]
  ) throws(CodingError) -> C.Symbol {
    let start = try start(of: chunk)
    let (items, sum, folded) = try words(of: chunk, above: start)
    var message = try folded.unfolded(to: header.lanes)
    let symbol = try codec(items).pop(from: &message)
    guard message == start, CRC32C.of(bytes(symbol)) == sum else {
      throw CodingError(
        .otherItems, "items of chunk \(chunk)", given: message == start ? "other items" : "other bits left over",
        expected: "those that were written: the same model computes other numbers here")
    }
    return symbol
  }

  /// What is left of a chunk when all of its items are read.
  private func start(of chunk: Int) throws(CodingError) -> Message {
    guard index.chunks.indices.contains(chunk) else {
      throw CodingError(.parameter, "chunk", given: "\(chunk)", expected: "one of \(index.chunks.count), from 0")
    }
    return try header.start(of: chunk)
  }

  /// The message of a chunk, on one lane, and the checksum of its items.
  private func words(of chunk: Int, above start: Message) throws(CodingError) -> (items: Int, sum: UInt32, message: Message) {
    let place = index.chunks[chunk].start
    let next = chunk + 1 < index.chunks.count ? index.chunks[chunk + 1].start : end
    let field = "chunk \(chunk)"
    var reader = WordReader(try stream.bytes(in: place..<next), field, checksum: BitsIndex.checksum(of: chunk, after: checksum))
    let items = Int(try reader.next(UInt32.self))
    let count = Int(try reader.next(UInt32.self))
    let kept = Int(try reader.next(UInt32.self))
    let sum = try reader.next(UInt32.self)
    guard reader.remaining == 4 * count + 4 else {
      throw CodingError(.malformed, field, given: "\(reader.remaining) bytes for \(count) words", expected: "\(4 * count + 4)")
    }
    var words: [UInt32] = []
    words.reserveCapacity(count)
    for _ in 0..<count { words.append(try reader.next(UInt32.self)) }
    try reader.checkSum()
    guard items == index.chunks[chunk].items, kept <= start.depth else {
      throw CodingError(
        .malformed, field, given: "\(items) items above \(kept) starting words", expected: "\(index.chunks[chunk].items) above \(start.depth) at most"
      )
    }
    return (items, sum, try Message(.lanes(1), flattened: words + start.words[..<kept].reversed()))
  }
}
