internal import Formats

/// Writes a stream chunk by chunk. Chunks know nothing of each other, so that any of them can be read alone, and all of them at once.
///
///     header | chunks | index | trailer
///
///     chunk    items UInt32 | words UInt32 | kept UInt32 | CRC-32C of the items | words x UInt32 | CRC-32C of all that
///     index    chunks UInt32 | chunks x (start UInt64, items UInt32) | CRC-32C of all that
///     trailer  start of the index UInt64 | CRC-32C of it
///
/// Every checksum behind the header goes on from the header's, and a chunk's also from its number: a chunk of another stream, or in another place, is
/// refused. Words are those of the message folded to one lane. `kept` starting words at the bottom of the message were never touched, and aren't
/// there: the reader has them.
package struct BitsWriter: Sendable {
  package let header: BitsHeader
  private let limits: BitsLimits
  private let checksum: UInt32
  private var length: Int
  private var chunks: [BitsIndex.Chunk] = []
  /// What the items take of the stream beyond the random words that are in it, in bits.
  package private(set) var netBits = 0.0

  package init(_ header: BitsHeader, limits: BitsLimits = .standard) {
    self.header = header
    self.limits = limits
    checksum = header.checksum
    length = header.bytes.count
  }

  /// The first bytes of the stream.
  package var beginning: [UInt8] { header.bytes }

  /// - Parameters:
  ///   - symbol: the items of the chunk, as `codec` takes them.
  ///   - items: how many these are.
  ///   - bytes: the items in a form of the caller's that tells any two apart; the reader compares its checksum.
  /// - Returns: the bytes of the stream that come next.
  package mutating func append<C: Codec>(_ symbol: C.Symbol, items: Int, with codec: C, bytes: [UInt8]) throws(CodingError) -> [UInt8] {
    _ = try limits.checked(items, "items of a chunk", 1...limits.items)
    _ = try limits.checked(chunks.count + 1, "chunks", 0...limits.chunks)
    var message = try header.start(of: chunks.count)
    netBits -= message.bits
    try codec.push(symbol, onto: &message)
    netBits += message.bits
    let kept = message.lowest
    message = try message.folded(to: 1)
    let words = message.flattened.dropLast(kept)

    var writer = WordWriter()
    writer.append(UInt32(items))
    writer.append(UInt32(words.count))
    writer.append(UInt32(kept))
    writer.append(CRC32C.of(bytes))
    for word in words { writer.append(word) }
    var sum = CRC32C(after: BitsIndex.checksum(of: chunks.count, after: checksum))
    sum.update(writer.bytes)
    writer.append(sum.value)
    chunks.append(BitsIndex.Chunk(start: length, items: items))
    length += writer.bytes.count
    return writer.bytes
  }

  /// - Returns: the last bytes of the stream.
  package consuming func finish() -> [UInt8] { BitsIndex(chunks: chunks).bytes(at: length, after: checksum) }
}
