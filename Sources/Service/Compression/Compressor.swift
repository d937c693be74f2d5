internal import Coding
package import Formats
package import Modelling
internal import Tensors

/// Items whose numbers are levels of the model as a stream.
package struct Compressor: ItemCompressor {
  private let chain: ItemChain
  private let key: RandomKey
  private var writer: BitsWriter
  private let signature: Signature
  private var levelRate: CompressionRate
  package var rate: any StreamRate { levelRate }

  /// - Parameters:
  ///   - items: what the items are where not what the model learnt from: images of another size.
  ///   - seed: of the words that chunks begin with.
  /// - Throws: where the model can't, or not with such items.
  package init(_ able: any Compressing, digest: Digest, of items: Signature? = nil, seed: UInt64) throws {
    chain = try ItemChain(able, of: items)
    key = RandomKey(seed: seed)
    signature = chain.levels.signature
    let limits = BitsLimits(for: chain)
    let header = try BitsHeader(
      codec: ItemChain.version, model: digest, key: key.bits, lanes: ItemChain.lanes, startingWords: chain.startingWords,
      shape: signature.space.shape, limits: limits)
    writer = BitsWriter(header, limits: limits)
    levelRate = CompressionRate(width: signature.width)
  }

  package var beginning: [UInt8] { writer.beginning }

  package mutating func append(_ items: Items) throws -> [UInt8] {
    if let lost = items.lost {
      throw Problem(
        .impossible, "\(items.place(row: 0, cell: 0).prefix { $0 != "[" }) has \(lost), which would not come back.", given: lost,
        expected: "values that the model takes as they are")
    }
    try items.checkValues(signature)
    try items.checkComplete(signature)
    let first = levelRate.items
    let symbols = try chain.levels.symbols(of: items.raw, first: first) { item, number in items.place(row: item - first, cell: number) }
    let chain = chain.of(symbols.count)
    let bytes = try writer.append(symbols, items: symbols.count, with: chain, bytes: symbols.flatMap { $0.map { UInt8($0) } })
    let keys = RowKeys(key.split("bound"), rows: first..<first + symbols.count)
    levelRate.add(bounds: chain.bounds(symbols, keys: keys), bytes: bytes.count)
    levelRate.netBits = writer.netBits
    return bytes
  }

  package mutating func finish() -> [UInt8] {
    let bytes = writer.finish()
    levelRate.add(bytes: beginning.count + bytes.count)
    return bytes
  }
}

extension BitsLimits {
  /// What a stream of items may be.
  init(for signature: Signature) {
    self = .standard
    items = max(1, Self.chunkNumbers / signature.width)
  }

  /// What a stream of such items may be, and a reader allow: no more than what is written here.
  init(for chain: ItemChain) {
    self.init(for: chain.levels.signature)
    (lanes, startingWords) = (ItemChain.lanes, chain.startingWords)
  }

  /// Numbers of a chunk.
  private static let chunkNumbers = 1 << 25
}
