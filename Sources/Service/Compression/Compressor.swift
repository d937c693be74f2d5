internal import Coding
internal import Formats
package import Modelling
package import Tensors

/// Items of a model as a stream of `application/vnd.posterior.bits`, chunk by chunk.
package struct Compressor: Sendable {
  private let chain: ItemChain
  private let key: RandomKey
  private var writer: BitsWriter
  package private(set) var rate: CompressionRate

  /// - Parameters:
  ///   - items: what the items are where not what the model learnt from: images of another size.
  ///   - seed: of the words that chunks begin with.
  /// - Throws: where the model, or this processor, can't, or not with such items.
  package init(_ model: LoadedModel, of items: Signature? = nil, seed: UInt64) throws {
    chain = try ItemChain(BitsOperation.compress.able(model), of: items)
    key = RandomKey(seed: seed)
    let signature = chain.levels.signature
    let limits = BitsLimits(for: chain)
    let header = try BitsHeader(
      codec: ItemChain.version, model: model.digest, key: key.bits, lanes: ItemChain.lanes, startingWords: chain.startingWords,
      shape: signature.space.shape, limits: limits)
    writer = BitsWriter(header, limits: limits)
    rate = CompressionRate(width: signature.width)
  }

  /// As many items as a chunk may have.
  package static func mostItems(of signature: Signature) -> Int { BitsLimits.items(of: signature) }

  /// Items of a chunk where nobody says.
  package static func usualItems(of signature: Signature) -> Int { min(4096, max(1, mostItems(of: signature) / 8)) }

  /// The first bytes of the stream.
  package var beginning: [UInt8] { writer.beginning }

  /// The next chunk of the stream.
  /// - Parameters:
  ///   - raw: [items, width], as clients send them.
  ///   - place: what errors call a number of an item of the stream; `items[3][0][7]` where absent.
  /// - Throws: `Fault` at a number that is none of the model's levels, by its place.
  package mutating func append(_ raw: Tensor, place: ((_ item: Int, _ number: Int) -> String)? = nil) throws -> [UInt8] {
    let items = try chain.levels.symbols(of: raw, first: rate.items, place: place)
    let rows = rate.items..<rate.items + items.count
    let chain = chain.of(items.count)
    let bytes = try writer.append(items, items: items.count, with: chain, bytes: items.flatMap { $0.map { UInt8($0) } })
    rate.add(bounds: chain.bounds(items, keys: RowKeys(key.split("bound"), rows: rows)), bytes: bytes.count)
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

extension BitsLimits {
  /// What a stream of rows may be.
  init(for signature: Signature) {
    self = .standard
    items = Self.items(of: signature)
  }

  /// What a stream of such items may be, and a reader allow: no more than what is written here.
  init(for chain: ItemChain) {
    self = .standard
    items = Self.items(of: chain.levels.signature)
    (lanes, startingWords) = (ItemChain.lanes, chain.startingWords)
  }

  fileprivate static func items(of signature: Signature) -> Int { max(1, chunkNumbers / signature.width) }

  /// Numbers of a chunk.
  private static let chunkNumbers = 1 << 25
}
