package import Coding
internal import Distributions
internal import Tensors

/// Rows of a table one after the other, each by bits back in bins of the model's prior, above what is told of all of them: grids, missing cells, rows
/// that are there twice, and texts that the model doesn't know.
///
/// Texts are pushed first, so that their bits are those that the first code is drawn with.
package struct TableChain: Codec {
  /// Of the numbers below, which decide the bytes of a stream; other ones than an `ItemChain` has.
  package static let version: UInt32 = 2
  /// One head: every cell has a codec of its own, and more heads would be more bits at the start.
  package static let lanes = 1
  private static let binBits = 12
  private static let codePrecision = 20
  /// Numbers are shown to the posterior no farther from the mean, in deviations: what it makes of others costs bits, and must be finite.
  private static let farthest: Float = 64

  package let space: TableSpace
  package let count: Int
  let rows: any RowCoding
  private let bins: GaussianBins
  private let priors: Gaussians

  /// - Throws: where the model has no codec, or no table.
  package init(_ model: any TableCompressing, count: Int = 0) throws {
    guard let space = model.signature.space.table else {
      throw Fault(field: "model", given: "one of \(model.signature.space.summary)", expected: "one of tables")
    }
    let rows = try model.rowCoding()
    self.init(
      space, count: count, rows, bins: try GaussianBins(bits: Self.binBits),
      try Gaussians(means: Array(rows.prior.mean.scalars), deviations: Array(rows.prior.deviation.scalars)))
  }

  private init(_ space: TableSpace, count: Int, _ rows: any RowCoding, bins: GaussianBins, _ priors: Gaussians) {
    (self.space, self.count, self.rows, self.bins, self.priors) = (space, count, rows, bins, priors)
  }

  package func of(_ count: Int) -> TableChain { TableChain(space, count: count, rows, bins: bins, priors) }

  /// Several times what the first code takes: words that aren't needed are not in the stream.
  package var startingWords: Int { 1024 + priors.count * Self.codePrecision / 8 }

  package func push(_ table: TableSymbols, onto message: inout Message) throws(CodingError) {
    guard table.count == count else { throw CodingError(.symbol, "rows", given: "\(table.count)", expected: "\(count)") }
    try pushTexts(table, onto: &message)
    let kinds = try kinds(table.numbers)
    let codes = rows.posterior(of: units(table))
    for row in (0..<table.distinct).reversed() {
      let cells = Array(table.cells[row * table.width..<(row + 1) * table.width])
      try codec(kinds, isThere: cells.map { $0 >= 0 }) { _ throws(CodingError) in try posterior(codes, row: row) }
        .push(cells.filter { $0 >= 0 }, onto: &message)
    }
    try pushHead(table, onto: &message)
  }

  package func pop(from message: inout Message) throws(CodingError) -> TableSymbols {
    let head = try popHead(from: &message)
    let kinds = try kinds(head.numbers)
    var cells: [Int] = []
    for isThere in head.isThere {
      let codec = try codec(kinds, isThere: isThere) { known throws(CodingError) in
        try posterior(rows.posterior(of: units(head.values(of: known, at: isThere), rows: 1)), row: 0)
      }
      let known = try codec.pop(from: &message)
      cells += head.cells(of: known, at: isThere)
    }
    let texts = try popTexts(head.layout.texts, from: &message)
    return TableSymbols(repeats: head.repeats, numbers: head.numbers, cells: cells, layout: head.layout.bytes(width: space.width), texts: texts)
  }

  func kinds(_ numbers: [ColumnNumbers?]) throws(CodingError) -> [CellKind] {
    var kinds: [CellKind] = []
    for (index, numbers) in numbers.enumerated() { kinds.append(try CellKind(numbers, index, of: space)) }
    return kinds
  }
}

// MARK: - A row

extension TableChain {
  /// Of the cells that are there, in the order of their columns.
  private func codec(
    _ kinds: [CellKind], isThere: [Bool], posterior: @escaping @Sendable ([Int]) throws(CodingError) -> QuantisedGaussian
  ) throws(CodingError) -> BitsBack<Uniform, KnownCells, QuantisedGaussian> {
    BitsBack(
      prior: try bins.prior(priors.count),
      likelihood: { [rows, bins, priors] code throws(CodingError) in
        let z = try bins.latents(code, of: priors)
        return try KnownCells(kinds, isThere, rows.cells(given: Tensor(shape: [1, z.count], scalars: z))[0])
      }, posterior: posterior)
  }

  private func posterior(_ codes: Distributions.Normal, row: Int) throws(CodingError) -> QuantisedGaussian {
    let width = priors.count
    let posteriors = try Gaussians(
      means: Array(codes.mean.scalars[row * width..<(row + 1) * width]),
      deviations: Array(codes.deviation.scalars[row * width..<(row + 1) * width]))
    return try QuantisedGaussian(bins: bins, priors: priors, posteriors: posteriors, support: .likelyBins, precision: Self.codePrecision)
  }

  func units(_ table: TableSymbols) -> Tensor { units((0..<table.distinct).flatMap { table.values(of: $0) }, rows: table.distinct) }

  /// Raw values as the model sees them: [rows, columns].
  private func units(_ values: [Double], rows: Int) -> Tensor {
    let width = space.width
    return Tensor(
      shape: [rows, width],
      scalars: values.enumerated().map { place, value in
        let index = place % width
        let type = space.columns[index].type
        let farthest = type.isLinear || type == .positive ? Self.farthest : .infinity
        return min(max(space.model(value, at: index), -farthest), farthest)
      })
  }
}

/// The cells of one row that are there.
struct KnownCells: Codec {
  /// nil where nothing has to be coded.
  private let codecs: [CellCodec?]

  init(_ kinds: [CellKind], _ isThere: [Bool], _ distributions: [CellDistribution]) throws(CodingError) {
    var codecs: [CellCodec?] = []
    for (index, isThere) in isThere.enumerated() where isThere { codecs.append(try kinds[index].codec(distributions[index])) }
    self.codecs = codecs
  }

  func push(_ cells: [Int], onto message: inout Message) throws(CodingError) {
    for (codec, cell) in zip(codecs, cells).reversed() { try codec?.push(cell, onto: &message) }
  }

  func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var cells: [Int] = []
    for codec in codecs { cells.append(try codec?.pop(from: &message) ?? 0) }
    return cells
  }
}
