internal import Foundation
internal import Modelling

/// How many bits a stream of rows takes.
package struct TableRate: StreamRate {
  /// Rows.
  package private(set) var items = 0
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
    items += symbols.count
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

  package var perDimension: BitsPerDimension? {
    guard cells > 0 else { return nil }
    return BitsPerDimension(
      gross: Double(8 * bytes) / Double(cells), net: netBits / Double(cells), bound: boundBits / Double(distinctCells))
  }

  package var summary: [String] {
    func perCell(_ bits: Double, _ cells: Int) -> String { cells > 0 ? String(format: "%.4f", bits / Double(cells)) : "no" }
    func whole(_ bits: Double) -> String { String(format: "%.0f", bits / 8) }
    return [
      "\(items) rows in \(bytes) bytes, \(items - distinct) of them repeats of rows before; \(cells) cells that are not missing",
      "rate \(perCell(Double(8 * bytes), cells)) bits a cell gross, \(perCell(netBits, cells)) net of random bits and frame",
      "rows that are no repeats: \(perCell(rowBits, distinctCells)) bits a cell; the model's bound \(perCell(boundBits, distinctCells))",
      "bytes of rows \(whole(rowBits)), grids and lists of numbers \(whole(numberBits)), "
        + "missing cells, repeats and layout \(whole(patternBits)), texts \(whole(textBits)), "
        + "random bits and frame \(whole(frameBits))",
    ]
  }
}
