package import Formats
internal import Modelling

/// A request to compress items, before any of them.
package struct CompressRequest: Sendable {
  /// Media types of the answer, the default first: the stream, or its rate alone.
  package static let mediaTypes: [MediaType] = [.bits, .json]

  package let receipt: Receipt
  package let chunk: Int
  /// Every option but the seed, as a JSON object.
  let parameters: JSONValue
  let keepsInput: Bool
  private let model: LoadedModel
  private let fields: SentFields
  private let limits: ServiceLimits

  package init(_ sent: SentRequest, on model: LoadedModel, limits: ServiceLimits) throws {
    fields = try sent.fields(CompressOptions.table.fields, of: BitsOperation.compress.name, numeric: ["inputs"])
    let options = try StrictJSON.decode(CompressOptions.self, from: fields.options)
    try options.validate()
    let most = Compressor.mostItems(of: model.signature)
    chunk = options.chunk ?? Compressor.usualItems(of: model.signature)
    guard chunk <= most else {
      throw Fault(field: "chunk", given: "\(chunk)", expected: "at most \(most) items of \(model.signature.width) numbers")
    }
    receipt = Receipt(model: model, seed: options.seed ?? Receipt.drawnSeed, firstItem: 0)
    parameters = .object([.init(name: "chunk", value: .integer(chunk))] + fields.reading)
    (keepsInput, self.model, self.limits) = (fields.keepsInput, model, limits)
  }

  /// The items of a body that is read block by block, unread.
  /// - Parameter type: one of `ItemReader.types`.
  func items(_ type: MediaType, in source: ItemSource) throws -> ItemChunks {
    let reader = try ItemReader(type, signature: model.signature, blockRows: chunk, limits: limits, options: fields.table)
    return .blocks(ItemBlocks(source, reader))
  }

  /// The items of any other body.
  func items(of sent: SentRequest) throws -> ItemChunks {
    .whole(try sent.items(fields, of: BitsOperation.compress.name, as: .rows, model.signature, limits), chunk: chunk)
  }

  /// Memory that a chunk takes while it is coded, of a body of so many bytes.
  func chunkBytes(ofBody byteCount: Int) -> Int { min(chunk * model.signature.width, byteCount) * ItemChunks.numberBytes }

  /// Codes these items, step by step.
  func compression(of items: ItemChunks) throws -> Compression {
    try Compression(of: items, with: Compressor(model, seed: UInt64(receipt.seed)), signature: model.signature)
  }

  /// What the items come to, as JSON.
  package func document(_ rate: CompressionRate, _ warnings: [String] = []) -> JSONValue {
    .object(
      receipt.warning(of: warnings).members + [
        .init(name: "shape", value: .array(shape(rate.items).map(JSONValue.integer))), .init(name: "bytes", value: .integer(rate.bytes)),
        .init(
          name: "bits_per_dim",
          value: .record(["gross": .number(rate.gross), "net": .number(rate.net), "bound": .number(rate.bound)])),
      ])
  }

  /// Of the items.
  func shape(_ count: Int) -> [Int] { [count] + model.signature.space.shape }
}

/// The items of a request as the chunks of a stream.
enum ItemChunks: Sendable {
  case blocks(ItemBlocks)
  case whole(Items, chunk: Int)

  /// Bytes that a number takes while its chunk is coded: as it came, its symbol, twice in model units, and what the model makes of it.
  static let numberBytes = 40

  /// Items that one job on a lane codes or decodes at least, where chunks are smaller.
  static let itemsOfAJob = 256

  /// The chunk that begins at an item; nil at the end.
  func next(from item: Int) throws -> Items? {
    switch self {
    case .blocks(let blocks): try blocks.next()
    case .whole(let items, let chunk): item < items.count ? items.slice(item..<min(item + chunk, items.count)) : nil
    }
  }
}
