/// The numbers that a column has: all of a decimal grid, or those alone that are listed.
struct ColumnNumbers: Sendable, Equatable {
  struct Listed: Sendable, Equatable {
    /// On the grid; in a list, they rise.
    let place: Int
    /// How often it occurs.
    let count: Int
  }

  let grid: NumberGrid
  /// nil for all of the grid.
  let list: [Listed]?

  var count: Int { list?.count ?? grid.count }

  /// The number that a symbol stands for.
  func value(_ symbol: Int) -> Double { grid.value(list?[symbol].place ?? symbol) }
}
