package import Modelling
package import Tensors

/// Items as a stream of `application/vnd.posterior.bits`, chunk by chunk.
package protocol ItemCompressor: Sendable {
  /// Of the stream so far.
  var rate: any StreamRate { get }

  /// The first bytes of the stream.
  var beginning: [UInt8] { get }

  /// The next chunk of the stream.
  /// - Throws: `Problem` or `Fault` for an item that would not come back, by its place in the request.
  mutating func append(_ items: Items) throws -> [UInt8]

  /// The last bytes of the stream.
  mutating func finish() -> [UInt8]
}

/// The items of a stream, chunk by chunk; only the chunks that are asked for are read.
package protocol ItemDecompressor: Sendable {
  /// The items of each chunk, by their numbers in the stream.
  var chunks: [Range<Int>] { get }

  /// What the items are.
  var signature: Signature { get }

  /// Refuses a chunk whose bytes are not those that were written.
  func check(chunk: Int) throws

  func items(of chunk: Int) throws -> StreamedItems

  /// What is answered about items of several chunks, one after the other.
  func answer(_ parts: [StreamedItems]) throws -> Answer
}

/// Items of a stream, as they come back.
package enum StreamedItems: Sendable {
  /// [items, width], as clients get them.
  case numbers(Tensor)
  case rows(TableContent)

  package var count: Int {
    switch self {
    case .numbers(let items): items.shape[0]
    case .rows(let table): table.count
    }
  }

  /// Bytes of the columns that the model doesn't know.
  var textBytes: Int {
    guard case .rows(let table) = self else { return 0 }
    return table.texts.joined().reduce(0) { $0 + MemoryLayout<String>.stride + $1.utf8.count }
  }

  func slice(_ range: Range<Int>) -> StreamedItems {
    guard range != 0..<count else { return self }
    switch self {
    case .numbers(let items): return .numbers(items.slice(0, range))
    case .rows(let table): return .rows(table.rows(range))
    }
  }
}

extension ItemDecompressor {
  /// Items of the whole stream.
  package var count: Int { chunks.last?.upperBound ?? 0 }

  /// The chunks that hold some of the items.
  package func chunks(holding items: Range<Int>) -> Range<Int> {
    guard !items.isEmpty else { return 0..<0 }
    return chunk(holding: items.lowerBound)..<chunk(holding: items.upperBound - 1) + 1
  }

  private func chunk(holding item: Int) -> Int {
    let chunks = chunks
    var (low, high) = (0, chunks.count)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if chunks[middle].lowerBound <= item { low = middle } else { high = middle }
    }
    return low
  }

  /// Those of the items of a chunk that are among these.
  package func items(of chunk: Int, within items: Range<Int>) throws -> StreamedItems {
    let range = chunks[chunk]
    let rows = items.clamped(to: range)
    return try self.items(of: chunk).slice(rows.lowerBound - range.lowerBound..<rows.upperBound - range.lowerBound)
  }
}

/// How many bits a stream takes, beside what the model promises.
package protocol StreamRate: Sendable {
  var items: Int { get }
  var bytes: Int { get }

  /// Bits a dimension, a number of an item or a cell that is there; nil where there is none.
  var perDimension: BitsPerDimension? { get }

  /// The same in sentences.
  var summary: [String] { get }
}

package struct BitsPerDimension: Sendable {
  /// Of the whole stream.
  package let gross: Double
  /// Of the items alone, without starting words, header and index.
  package let net: Double
  /// The negative evidence lower bound, of one draw an item.
  package let bound: Double
}
