internal import Coding
internal import Formats
internal import Locking
package import Modelling

/// Items on their way out of a stream, of which every chunk is a job of its own.
package final class Decompression: Sendable {
  package let receipt: Receipt
  /// Of the stream.
  package let items: Range<Int>
  /// Those that hold the items.
  package let chunks: Range<Int>
  private let decompressor: any ItemDecompressor
  private let type: MediaType
  private let codec: ItemCodec
  /// Of the rows that were read first.
  private let layout = Protected<TableLayout?>(nil)

  init(
    of items: Range<Int>, from decompressor: any ItemDecompressor, as type: MediaType, receipt: Receipt, codec: ItemCodec
  ) {
    (self.items, self.decompressor, self.type, self.receipt, self.codec) = (items, decompressor, type, receipt, codec)
    chunks = decompressor.chunks(holding: items)
  }

  /// Of a file, of which any size may come.
  /// - Parameter wanted: as `DecompressOptions` has them.
  package convenience init(of wanted: String?, from stream: ItemSource, model: LoadedModel, as type: MediaType) throws {
    let codec = try BitsOperation.decompress.codec(of: model)
    let decompressor = try model.decompressor(of: stream, ofAnySize: true)
    let items = try DecompressOptions(items: wanted).range(of: decompressor.count)
    self.init(of: items, from: decompressor, as: type, receipt: Receipt(model: model, seed: 0, firstItem: items.lowerBound), codec: codec)
  }

  /// Of the items; nil of others.
  package var picture: Picture? { decompressor.signature.space.picture }

  /// What the items can be had as, the default first.
  package var mediaTypes: [MediaType] { codec.mediaTypes(decompressor.signature) }

  /// Of the answer.
  var shape: [Int] { [items.count] + decompressor.signature.space.shape }
  var numbers: Int { items.count * decompressor.signature.width }

  /// Whether the answer is written chunk by chunk.
  func isStreamed(_ limits: ServiceLimits) -> Bool { ItemReader.types.contains(type) && numbers > limits.streamedAnswerNumbers }

  /// Bytes of the answer where they are known before it is written.
  var byteCount: Int? {
    switch type {
    case .npy where codec.keepsRows: NPY.header(shape: shape, isDouble: true).count + 8 * numbers
    case .npy: NPY.header(shape: shape).count + 4 * numbers
    case .floats: 4 * numbers
    default: nil
    }
  }

  /// Memory that the largest of the chunks takes while it is read.
  var chunkBytes: Int {
    let most = chunks.reduce(0) { max($0, decompressor.chunks[$1].count) }
    return max(most, ItemChunks.itemsOfAJob) * decompressor.signature.width * codec.numberBytes
  }

  /// The chunks from one on that make a job of so many items.
  func job(from first: Int, items: Int = ItemChunks.itemsOfAJob) -> Range<Int> {
    var (next, count) = (first, 0)
    while next < chunks.upperBound, count < items {
      count += decompressor.chunks[next].count
      next += 1
    }
    return first..<next
  }

  /// Refuses chunks whose bytes are not those that were written.
  func check(_ chunks: Range<Int>) throws { for chunk in chunks { try decompressor.check(chunk: chunk) } }

  /// The wanted items of some chunks, chunk by chunk.
  func items(of chunks: Range<Int>) throws -> [StreamedItems] {
    let parts = try chunks.map { try decompressor.items(of: $0, within: items) }
    for case .rows(let table) in parts { try check(table.layout) }
    return parts
  }

  /// Refuses rows that the answer has no place for.
  private func check(_ found: TableLayout) throws {
    guard type != .npy || found.texts == 0 else {
      throw Problem(
        .notAcceptable, "The table has columns of texts, which an array has no place for; it can be had as \(MediaType.csv) and \(MediaType.json).",
        field: "Accept", given: type.name, expected: "\(MediaType.csv), \(MediaType.json)")
    }
    try layout.withLock { layout in
      if let layout { try found.checkAlike(layout) }
      layout = found
    }
  }

  /// The answer of all of them.
  func answer(_ parts: [StreamedItems]) throws -> Answer { try decompressor.answer(parts) }

  /// The part of a streamed answer that belongs to some chunks.
  package func bytes(of chunks: Range<Int>) throws -> [UInt8] {
    let answer = try answer(items(of: chunks))
    let isFirst = chunks.lowerBound == self.chunks.lowerBound
    switch type {
    case .csv:
      let table = try answer.csv
      return isFirst ? table.bytes : table.rows(0..<table.count)
    case .npy: return (isFirst ? answer.arrayHeader(shape) : []) + answer.arrayNumbers(0..<answer.count)
    case .png: return try answer.picture
    default: return answer.floats
    }
  }
}
