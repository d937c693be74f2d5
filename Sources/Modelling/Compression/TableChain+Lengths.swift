package import Coding
internal import Distributions
package import Tensors

extension TableChain {
  /// What the parts of a table take, in bits.
  package struct Lengths: Sendable {
    /// Grids, and lists of the numbers that columns have.
    package let numbers: Double
    /// The layout, which cells are missing, and which rows repeat others.
    package let pattern: Double
    package let texts: Double
    /// The negative evidence lower bound of the rows that are no repeats, of one draw each, with the frequencies that cells are coded with.
    package let bound: Double
  }

  package func lengths(_ table: TableSymbols, keys: RowKeys) throws(CodingError) -> Lengths {
    var message = try Message(.lanes(Self.lanes))
    try pushTexts(table, onto: &message)
    let texts = message.bits
    try pushNumbers(table, onto: &message)
    let numbers = message.bits - texts
    try pushHead(table, onto: &message)
    return Lengths(numbers: numbers, pattern: message.bits - texts - 2 * numbers, texts: texts, bound: try bound(table, keys))
  }

  private func bound(_ table: TableSymbols, _ keys: RowKeys) throws(CodingError) -> Double {
    let (kinds, distinct) = (try kinds(table.numbers), table.distinct)
    let q = rows.posterior(of: units(table))
    let prior = Distributions.Normal(mean: rows.prior.mean.repeated(distinct), deviation: rows.prior.deviation.repeated(distinct))
    let cells = try rows.cells(given: q.sample(keys))
    var message = try Message(.lanes(Self.lanes))
    for row in 0..<distinct {
      let known = Array(table.cells[row * table.width..<(row + 1) * table.width])
      try KnownCells(kinds, known.map { $0 >= 0 }, cells[row]).push(known.filter { $0 >= 0 }, onto: &message)
    }
    let nats = q.divergence(from: prior).scalars.reduce(0) { $0 + Double($1) }
    return message.bits + nats / 0.693147180559945309
  }

  /// The same table with those columns listed number by number that take fewer bits then, the lists counted in.
  package func shortened(_ table: TableSymbols) throws(CodingError) -> TableSymbols {
    let cells = try rows.cells(given: rows.posterior(of: units(table)).mean)
    var shortest = table
    for column in 0..<table.width {
      guard let listed = shortest.listing(column), try bits(of: column, listed, cells) < bits(of: column, shortest, cells) else { continue }
      shortest = listed
    }
    return shortest
  }

  /// What the cells of a column of numbers take, and what is told of them beforehand.
  private func bits(of column: Int, _ table: TableSymbols, _ cells: [[CellDistribution]]) throws(CodingError) -> Double {
    let kind = try CellKind(table.numbers[column], column, of: space)
    var message = try Message(.lanes(Self.lanes))
    try pushNumbers(table.numbers[column], onto: &message)
    for row in 0..<table.distinct where table.cells[row * table.width + column] >= 0 {
      try kind.codec(cells[row][column])?.push(table.cells[row * table.width + column], onto: &message)
    }
    return message.bits
  }
}
