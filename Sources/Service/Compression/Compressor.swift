internal import Coding
internal import Formats
package import Modelling
package import Tensors

/// Items of a model as a stream of `application/vnd.posterior.bits`, chunk by chunk.
package struct Compressor {
  private let chain: ItemChain
  private let key: RandomKey
  private var writer: BitsWriter
  package private(set) var rate: CompressionRate

  /// - Parameter seed: of the words that chunks begin with.
  /// - Throws: `Fault` where the model has no codec.
  package init(_ model: LoadedModel, seed: UInt64) throws {
    chain = try ItemChain(of: model)
    key = RandomKey(seed: seed)
    let limits = BitsLimits(for: chain.model.signature)
    let header = try BitsHeader(
      codec: ItemChain.version, model: model.digest, key: key.bits, lanes: ItemChain.lanes, startingWords: chain.startingWords,
      shape: chain.model.signature.space.shape, limits: limits)
    writer = BitsWriter(header, limits: limits)
    rate = CompressionRate(width: chain.model.signature.width)
  }

  /// As many items as a chunk may have.
  package static func mostItems(of signature: Signature) -> Int { BitsLimits(for: signature).items }

  /// The first bytes of the stream.
  package var beginning: [UInt8] { writer.beginning }

  /// The next chunk of the stream.
  /// - Parameter raw: [items, width], as clients send them.
  /// - Throws: `Fault` at a number that is none of the model's levels, by its place.
  package mutating func append(_ raw: Tensor) throws -> [UInt8] {
    let items = try chain.levels.symbols(of: raw, first: rate.items)
    let rows = rate.items..<rate.items + items.count
    let bytes = try writer.append(items, items: items.count, with: chain.of(items.count), bytes: items.flatMap { $0.map { UInt8($0) } })
    let bounds = chain.model.score(chain.levels.units(items), draws: 1, keys: RowKeys(key.split("bound"), rows: rows))[.elbo]
    rate.add(items: items.count, bytes: bytes.count, bound: bounds)
    rate.netBits = writer.netBits
    return bytes
  }

  /// The last bytes of the stream.
  package mutating func finish() -> [UInt8] {
    let bytes = writer.finish()
    rate.add(bytes: beginning.count + bytes.count)
    return bytes
  }
}

/// The items of a stream, chunk by chunk.
package struct Decompressor {
  private let chain: ItemChain
  private let reader: BitsReader

  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model.
  package init(_ stream: [UInt8], of model: LoadedModel) throws {
    chain = try ItemChain(of: model)
    let signature = chain.model.signature
    reader = try BitsReader(stream, model: model.digest, codec: ItemChain.version, limits: BitsLimits(for: signature))
    guard reader.header.shape == signature.space.shape else {
      throw CodingError(.malformed, "shape", given: "\(reader.header.shape)", expected: "\(signature.space.shape), which the model's items have")
    }
  }

  /// The items of each chunk, by their numbers in the stream.
  package var chunks: [Range<Int>] { reader.chunks }

  /// The items of a chunk: [items, width], as clients get them.
  package func items(of chunk: Int) throws -> Tensor {
    let items = try reader.read(
      chunk: chunk, with: { chain.of($0) }, bytes: { items in items.flatMap { $0.map { UInt8($0) } } })
    return chain.levels.raw(items)
  }
}

extension ItemChain {
  fileprivate init(of model: LoadedModel) throws {
    guard let able = Capability.compressing.of(model.family) else {
      throw Fault(
        field: "model", given: "one of the family \(type(of: model.family).name)",
        expected: "one of a family with codecs for its items: vae, beta_tcvae")
    }
    try self.init(able)
  }
}

extension BitsLimits {
  /// What a chunk of such items may be.
  fileprivate init(for signature: Signature) {
    self = .standard
    items = max(1, Self.chunkNumbers / signature.width)
  }

  /// Numbers of a chunk.
  private static let chunkNumbers = 1 << 25
}
