internal import Coding
internal import Formats
internal import Modelling

/// A request to read items of a stream, before the stream.
package struct DecompressRequest: Sendable {
  package let receipt: Receipt
  package let type: MediaType
  /// Every option but the seed, as a JSON object.
  let parameters: JSONValue
  let keepsInput: Bool
  private let options: DecompressOptions
  private let codec: ItemCodec
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
    codec = try BitsOperation.decompress.codec(of: model)
    (keepsInput, self.type, self.model, self.limits) = (fields.keepsInput, type, model, limits)
  }

  /// Memory that reading the index takes, of a stream of so many bytes: entries as they came, and twice as numbers.
  static func indexBytes(ofStream byteCount: Int) -> Int {
    // A chunk has more than twice the bytes of its entry.
    min(byteCount / 3, BitsLimits.standard.chunks * 12) * 4
  }

  /// Opens a stream: header and index are read and checked, and that the answer is no larger than it may be.
  func decompression(of stream: ItemSource) throws -> Decompression {
    let decompressor = try model.decompressor(of: stream)
    let items = try options.range(of: decompressor.count)
    guard !items.isEmpty else { throw Items.empty("the stream") }
    let (numbers, overflows) = items.count.multipliedReportingOverflow(by: model.signature.width)
    // As many as a body of items may bring.
    let most = isStreamable ? limits.streamedBodyBytes / 4 : limits.answerNumbers
    guard !overflows, numbers <= most else {
      let way = isStreamable ? "" : ", or have them as \(codec.keepsRows ? "CSV or NPY" : "NPY or raw floats")"
      throw Problem(
        .tooLarge,
        "\(items.count) items of \(model.signature.width) numbers are more than one answer holds, \(most) numbers: "
          + "ask for some of them with items\(way).",
        field: "items", given: "\(items.count) items", expected: "at most \(most / model.signature.width) at once")
    }
    return Decompression(
      of: items, from: decompressor, as: type, receipt: Receipt(model: model, seed: receipt.seed, firstItem: items.lowerBound), codec: codec)
  }

  /// Whether the answer can be written chunk by chunk; JSON and pictures are written as a whole.
  private var isStreamable: Bool { ItemReader.types.contains(type) }
}
