package import Data
internal import Modelling

extension FactorTable.Factor {
  /// Those that sprites are made of.
  package static func all(of sprites: Sprites) -> [FactorTable.Factor] {
    let values = (0..<sprites.count).map { Sprites.factors(of: sprites.number(at: $0)) }
    return Sprites.factors.enumerated().map { place, factor in
      FactorTable.Factor(factor.name, values.map { $0[place] }, count: factor.count, isOrdered: factor.isOrdered)
    }
  }

  /// The columns of a table, a row an item: numbers are in order, categories are not.
  ///
  /// - Throws: `DataError` for a missing cell, and for a column of one value, of which nothing can be measured.
  package static func columns(of table: DataSet) throws -> [FactorTable.Factor] {
    guard let columns = table.signature.space.table?.columns else { throw DataError("\(table.name) is no table, expected one column a factor") }
    let (width, values) = (columns.count, (0..<table.count).flatMap { row in (table.rows as? DoubleRows)?.item(row) ?? [] })
    return try columns.enumerated().map { place, column in
      let own = (0..<table.count).map { values[$0 * width + place] }
      if let hole = own.firstIndex(where: \.isNaN) { throw DataError("\(table.name), row \(hole + 1): the factor \"\(column.name)\" is missing") }
      let distinct = Set(own).sorted()
      guard distinct.count > 1 else { throw DataError("\(table.name): the factor \"\(column.name)\" has one value alone: leave the column out") }
      let codes = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, $0) })
      return FactorTable.Factor(column.name, own.compactMap { codes[$0] }, count: distinct.count, isOrdered: !column.type.isDiscrete)
    }
  }
}
