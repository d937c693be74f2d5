package import Formats
package import Modelling

/// A request to compress items, before any of them.
package struct CompressRequest: Sendable {
  /// Media types of the answer, the default first: the stream, or its rate alone.
  package static let mediaTypes: [MediaType] = [.bits, .json]

  package let receipt: Receipt
  package let chunk: Int
  /// Every option but the seed, as a JSON object.
  let parameters: JSONValue
  let keepsInput: Bool
  private let codec: ItemCodec
  private let model: LoadedModel
  /// Of the items.
  private let signature: Signature
  private let fields: SentFields
  private let limits: ServiceLimits

  /// - Parameter items: what the items are where not what the model learnt from: images of another size.
  package init(_ sent: SentRequest, on model: LoadedModel, of items: Signature? = nil, limits: ServiceLimits) throws {
    (codec, signature) = (try BitsOperation.compress.codec(of: model), items ?? model.signature)
    fields = try sent.fields(CompressOptions.table.fields, of: BitsOperation.compress.name, numeric: codec.keepsRows ? [] : ["inputs"])
    let options = try StrictJSON.decode(CompressOptions.self, from: fields.options)
    try options.validate()
    let most = codec.mostItems(of: signature)
    chunk = options.chunk ?? codec.usualItems(of: signature)
    guard chunk <= most else {
      throw Fault(field: "chunk", given: "\(chunk)", expected: "at most \(most) items of \(signature.width) numbers")
    }
    guard !codec.keepsRows || fields.table?.lenient != true else {
      throw Fault(field: "lenient", given: "true", expected: "false: a text that is taken for a missing cell would not come back")
    }
    receipt = Receipt(model: model, seed: options.seed ?? Receipt.drawnSeed, firstItem: 0)
    parameters = .object([.init(name: "chunk", value: .integer(chunk))] + fields.reading)
    (keepsInput, self.model, self.limits) = (fields.keepsInput, model, limits)
  }

  /// The items of a body that is read block by block, unread.
  /// - Parameter type: one of `ItemReader.types`.
  package func items(_ type: MediaType, in source: ItemSource) throws -> ItemChunks {
    guard type != .arrow else {
      throw Problem(
        .unsupportedMedia, "\(BitsOperation.compress.name) reads no \(type), expected \(MediaType.csv), JSON or \(MediaType.npy).",
        field: "Content-Type", given: type.name, expected: "\(MediaType.csv), \(MediaType.json), \(MediaType.npy)")
    }
    var options = fields.table
    // A row of units would not come back; as a row of values it is refused.
    if codec.keepsRows { options?.unitsRow = false }
    let reader = try ItemReader(
      type, signature: signature, blockRows: chunk, limits: limits, options: options, keepingText: codec.keepsRows,
      keepingDoubles: codec.keepsRows)
    return .blocks(ItemBlocks(source, reader))
  }

  /// The items of any other body.
  func items(of sent: SentRequest) throws -> ItemChunks {
    let items = try sent.items(fields, of: BitsOperation.compress.name, as: .rows, signature, limits, isExact: codec.keepsRows)
    return self.items(items.count) { items.slice($0) }
  }

  /// So many items that are there already.
  package func items(_ count: Int, _ slice: @escaping @Sendable (Range<Int>) throws -> Items) -> ItemChunks {
    .slices(count: count, chunk: chunk, slice)
  }

  /// Memory that a chunk takes while it is coded, of a body of so many bytes.
  func chunkBytes(ofBody byteCount: Int) -> Int { min(chunk * signature.width, byteCount) * codec.numberBytes }

  /// Codes these items, step by step.
  package func compression(of items: ItemChunks) throws -> Compression {
    Compression(of: items, with: try model.compressor(of: signature, seed: UInt64(receipt.seed)), signature: signature)
  }

  /// What the items come to, as JSON.
  package func document(_ rate: any StreamRate, _ warnings: [String] = []) -> JSONValue {
    let bits = rate.perDimension.map { bits in
      JSONValue.record(["gross": .number(bits.gross), "net": .number(bits.net), "bound": .number(bits.bound)])
    }
    return .object(
      receipt.warning(of: warnings).members + [
        .init(name: "shape", value: .array(shape(rate.items).map(JSONValue.integer))), .init(name: "bytes", value: .integer(rate.bytes)),
        .init(name: "bits_per_dim", value: bits ?? .null),
      ])
  }

  /// Of the items.
  func shape(_ count: Int) -> [Int] { [count] + signature.space.shape }
}

/// The items of a request as the chunks of a stream.
package enum ItemChunks: Sendable {
  case blocks(ItemBlocks)
  case slices(count: Int, chunk: Int, @Sendable (Range<Int>) throws -> Items)

  /// Items that one job on a lane codes or decodes at least, where chunks are smaller.
  static let itemsOfAJob = 256

  /// The chunk that begins at an item; nil at the end.
  func next(from item: Int) throws -> Items? {
    switch self {
    case .blocks(let blocks): try blocks.next()
    case .slices(let count, let chunk, let slice): item < count ? try slice(item..<min(item + chunk, count)) : nil
    }
  }

  /// How far they were read behind so many items: in bytes of a source, or in items.
  package func read(of items: Int) -> Int { if case .blocks(let blocks) = self { blocks.progress.bytes } else { items } }

  /// What a user should know of how those so far were read.
  var notes: [String] { if case .blocks(let blocks) = self { blocks.notes } else { [] } }
}
