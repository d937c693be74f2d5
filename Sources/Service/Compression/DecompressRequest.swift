internal import Formats
internal import Modelling
internal import Tensors

/// A request to read items of a stream, before the stream.
package struct DecompressRequest: Sendable {
  package let receipt: Receipt
  package let type: MediaType
  /// Every option but the seed, as a JSON object.
  let parameters: JSONValue
  let keepsInput: Bool
  private let options: DecompressOptions
  private let model: LoadedModel
  private let limits: ServiceLimits

  /// - Parameter type: of the answer.
  package init(_ sent: SentRequest, on model: LoadedModel, as type: MediaType, limits: ServiceLimits) throws {
    let name = BitsOperation.decompress.name
    guard [nil, .bits, .floats].contains(sent.contentType) else {
      throw Problem(
        .unsupportedMedia, "The body is \(sent.contentType?.name ?? ""), expected \(MediaType.bits): a stream that compress wrote.",
        field: "Content-Type", given: sent.contentType?.name, expected: MediaType.bits.name)
    }
    let fields = try SentFields(sent.optionObject(DecompressOptions.table.fields + [.record], of: name), table: nil)
    options = try StrictJSON.decode(DecompressOptions.self, from: fields.options)
    try options.validate()
    receipt = Receipt(model: model, seed: options.seed ?? Receipt.drawnSeed, firstItem: 0)
    parameters = .object(options.items.map { [.init(name: "items", value: .string($0))] } ?? [])
    (keepsInput, self.type, self.model, self.limits) = (fields.keepsInput, type, model, limits)
  }

  /// Opens a stream: header and index are read and checked, and that the answer is no larger than it may be.
  func decompression(of stream: ItemSource) throws -> Decompression {
    let decompressor = try Decompressor(stream, of: model)
    let items = try options.range(of: decompressor.count)
    guard !items.isEmpty else { throw Items.empty("the stream") }
    let (numbers, overflows) = items.count.multipliedReportingOverflow(by: model.signature.width)
    // As many as a body of items may bring.
    let most = isStreamable ? limits.streamedBodyBytes / 4 : limits.answerNumbers
    guard !overflows, numbers <= most else {
      let way = isStreamable ? "" : ", or have them as NPY or raw floats"
      throw Problem(
        .tooLarge,
        "\(items.count) items of \(model.signature.width) numbers are more than one answer holds, \(most) numbers: "
          + "ask for some of them with items\(way).",
        field: "items", given: "\(items.count) items", expected: "at most \(most / model.signature.width) at once")
    }
    return Decompression(
      of: items, from: decompressor, as: type, receipt: Receipt(model: model, seed: receipt.seed, firstItem: items.lowerBound))
  }

  /// Whether the answer can be written chunk by chunk; JSON and pictures are written as a whole.
  private var isStreamable: Bool { ItemReader.types.contains(type) }
}

/// Items on their way out of a stream, of which every chunk is a job of its own.
package struct Decompression: Sendable {
  package let receipt: Receipt
  /// Of the stream.
  package let items: Range<Int>
  /// Those that hold the items.
  package let chunks: Range<Int>
  private let decompressor: Decompressor
  private let type: MediaType

  fileprivate init(of items: Range<Int>, from decompressor: Decompressor, as type: MediaType, receipt: Receipt) {
    (self.items, self.decompressor, self.type, self.receipt) = (items, decompressor, type, receipt)
    chunks = decompressor.chunks(holding: items)
  }

  /// Of the answer.
  var shape: [Int] { [items.count] + decompressor.signature.space.shape }
  var numbers: Int { items.count * decompressor.signature.width }

  /// Whether the answer is written chunk by chunk.
  func isStreamed(_ limits: ServiceLimits) -> Bool { ItemReader.types.contains(type) && numbers > limits.streamedAnswerNumbers }

  /// Bytes of the answer where they are known before it is written.
  var byteCount: Int? {
    switch type {
    case .npy: NPY.header(shape: shape).count + 4 * numbers
    case .floats: 4 * numbers
    default: nil
    }
  }

  /// Memory that the largest of the chunks takes while it is read.
  var chunkBytes: Int {
    let most = chunks.reduce(0) { max($0, decompressor.chunks[$1].count) }
    return max(most, ItemChunks.itemsOfAJob) * decompressor.signature.width * ItemChunks.numberBytes
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

  /// The wanted items of some chunks: [items, width] in raw units.
  func items(of chunks: Range<Int>) throws -> Tensor { .concatenated(try chunks.map { try decompressor.items(of: $0, within: items) }) }

  /// The answer of all of them.
  func answer(_ values: [Tensor]) -> Answer { .items(.concatenated(values), signature: decompressor.signature, field: "items") }

  /// The part of a streamed answer that belongs to some chunks.
  func bytes(of chunks: Range<Int>) throws -> [UInt8] {
    let answer = answer([try items(of: chunks)])
    let isFirst = chunks.lowerBound == self.chunks.lowerBound
    switch type {
    case .csv:
      let table = try answer.csv
      return isFirst ? table.bytes : table.rows(0..<table.count)
    case .npy: return (isFirst ? NPY.header(shape: shape) : []) + answer.floats
    default: return answer.floats
    }
  }
}
