internal import Coding
internal import Formats
internal import Modelling
internal import Tensors

/// Rows of a table as a stream.
package struct TableCompressor: ItemCompressor {
  private let chain: TableChain
  /// Whether the model learns from rows with missing cells, and codes them.
  private let takesMissing: Bool
  private let signature: Signature
  private let key: RandomKey
  private var writer: BitsWriter
  private var tableRate: TableRate
  package var rate: any StreamRate { tableRate }

  /// - Parameter seed: of the words that chunks begin with.
  /// - Throws: `Fault` where the model has no codec.
  init(_ able: any TableCompressing, digest: Digest, seed: UInt64) throws {
    (chain, signature, key) = (try TableChain(able), able.signature, RandomKey(seed: seed))
    takesMissing = Capability.conditionalScoring.of(able) != nil
    let limits = BitsLimits(for: signature)
    let header = try BitsHeader(
      codec: TableChain.version, model: digest, key: key.bits, lanes: TableChain.lanes, startingWords: chain.startingWords,
      shape: chain.space.shape, limits: limits)
    writer = BitsWriter(header, limits: limits)
    tableRate = TableRate()
  }

  package var beginning: [UInt8] { writer.beginning }

  package mutating func append(_ items: Items) throws -> [UInt8] {
    if !takesMissing { try items.checkComplete(signature) }
    let table = try TableContent(items, of: chain.space)
    let own = chain.of(table.count)
    let symbols = try own.shortened(TableSymbols(table, chain.space) { items.place(row: $0, cell: $1) })
    let before = writer.netBits
    let bytes = try writer.append(symbols, items: table.count, with: own, bytes: symbols.bytes)
    let keys = RowKeys(key.split("bound"), rows: tableRate.items..<tableRate.items + symbols.distinct)
    tableRate.add(symbols, bytes: bytes.count, netBits: writer.netBits - before, try own.lengths(symbols, keys: keys))
    return bytes
  }

  package mutating func finish() -> [UInt8] {
    let bytes = writer.finish()
    tableRate.bytes += beginning.count + bytes.count
    return bytes
  }
}
