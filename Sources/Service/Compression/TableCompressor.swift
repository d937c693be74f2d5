internal import Coding
package import Modelling
internal import Tensors

/// Rows of a table as a stream of `application/vnd.posterior.bits`, chunk by chunk.
package struct TableCompressor {
  private let chain: TableChain
  private let key: RandomKey
  private var writer: BitsWriter
  package private(set) var rate = TableRate()

  /// - Parameter seed: of the words that chunks begin with.
  /// - Throws: `Fault` where the model has no codec, or this processor computes other numbers than others do.
  package init(_ model: LoadedModel, seed: UInt64) throws {
    try BitsOperation.checkProcessor()
    chain = try TableChain(of: model)
    key = RandomKey(seed: seed)
    let limits = BitsLimits(for: model.signature)
    let header = try BitsHeader(
      codec: TableChain.version, model: model.digest, key: key.bits, lanes: TableChain.lanes, startingWords: chain.startingWords,
      shape: chain.space.shape, limits: limits)
    writer = BitsWriter(header, limits: limits)
  }

  /// Whether a model's items are rows whose cells are coded on grids of their own; else `Compressor` codes them, or nothing does.
  package static func takes(_ model: LoadedModel) -> Bool {
    guard model.signature.space.table != nil, Capability.tableCompressing.of(model.family) != nil else { return false }
    guard let leveled = Capability.compressing.of(model.family) else { return true }
    do throws(Fault) { _ = try leveled.levels() } catch { return true }
    return false
  }

  /// As many rows as a chunk may have.
  package static func mostRows(of signature: Signature) -> Int { BitsLimits(for: signature).items }

  /// The first bytes of the stream.
  package var beginning: [UInt8] { writer.beginning }

  /// The next chunk of the stream.
  /// - Throws: `Fault` at a number that is on no decimal grid, by its place.
  package mutating func append(_ table: TableContent) throws -> [UInt8] {
    let own = chain.of(table.count)
    let symbols = try own.shortened(TableSymbols(table, chain.space, first: rate.rows))
    let before = writer.netBits
    let bytes = try writer.append(symbols, items: table.count, with: own, bytes: symbols.bytes)
    let keys = RowKeys(key.split("bound"), rows: rate.rows..<rate.rows + symbols.distinct)
    rate.add(symbols, bytes: bytes.count, netBits: writer.netBits - before, try own.lengths(symbols, keys: keys))
    return bytes
  }

  /// The last bytes of the stream.
  package mutating func finish() -> [UInt8] {
    let bytes = writer.finish()
    rate.bytes += beginning.count + bytes.count
    return bytes
  }
}

/// The rows of a stream, chunk by chunk.
package struct TableDecompressor {
  private let chain: TableChain
  private let reader: BitsReader

  /// - Throws: `CodingError` for a stream that is damaged, of another version or of another model.
  package init(_ stream: [UInt8], of model: LoadedModel) throws {
    try BitsOperation.checkProcessor()
    chain = try TableChain(of: model)
    reader = try BitsReader(stream, model: model.digest, codec: TableChain.version, limits: BitsLimits(for: model.signature))
    guard reader.header.shape == chain.space.shape else {
      throw CodingError(.malformed, "shape", given: "\(reader.header.shape)", expected: "\(chain.space.shape), which the model's rows have")
    }
  }

  /// The rows of each chunk, by their numbers in the stream.
  package var chunks: [Range<Int>] { reader.chunks }

  package func rows(of chunk: Int) throws -> TableContent {
    let symbols = try reader.read(chunk: chunk, with: { chain.of($0) }, bytes: { $0.bytes })
    guard let content = symbols.content(chain.space) else {
      throw CodingError(.malformed, "layout of chunk \(chunk)", given: "other columns", expected: "those of the model, each once")
    }
    return content
  }
}

/// How many bits the stream of a table takes, beside what the model promises.
package struct TableRate: Sendable {
  package private(set) var rows = 0
  /// Rows that stand in their chunk once, or for the first time.
  package private(set) var distinct = 0
  /// Cells that are not missing.
  package private(set) var cells = 0
  /// Cells of the distinct rows, likewise.
  package private(set) var distinctCells = 0
  package internal(set) var bytes = 0
  /// All but random words, header and index.
  package private(set) var netBits = 0.0
  /// Of grids, and lists of numbers.
  package private(set) var numberBits = 0.0
  /// Of what is missing, what is repeated, and the layout.
  package private(set) var patternBits = 0.0
  /// Of columns that the model doesn't know.
  package private(set) var textBits = 0.0
  /// The negative evidence lower bound of the distinct rows' cells on their grids, of one draw a row.
  package private(set) var boundBits = 0.0

  mutating func add(_ symbols: TableSymbols, bytes: Int, netBits: Double, _ lengths: TableChain.Lengths) {
    rows += symbols.count
    distinct += symbols.distinct
    cells += symbols.observed
    distinctCells += symbols.distinctObserved
    self.bytes += bytes
    self.netBits += netBits
    numberBits += lengths.numbers
    patternBits += lengths.pattern
    textBits += lengths.texts
    boundBits += lengths.bound
  }

  /// Of the distinct rows' cells alone.
  package var rowBits: Double { netBits - numberBits - patternBits - textBits }
  package var frameBits: Double { Double(8 * bytes) - netBits }
}

extension TableChain {
  fileprivate init(of model: LoadedModel) throws {
    guard let able = Capability.tableCompressing.of(model.family) else {
      throw Fault(
        field: "model", given: "one of the family \(type(of: model.family).name)",
        expected: "one of a family with codecs for rows: vaeac, vae, beta_tcvae")
    }
    try self.init(able)
  }
}
