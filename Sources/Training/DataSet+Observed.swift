internal import Models

// What is there and what is missing, column by column.
extension DataSet {
  /// One column of a table in words and numbers.
  package struct ColumnSummary: Sendable, Equatable {
    package let name: String
    /// Cells with a value.
    package let observed: Int
    package let missing: Int
    /// Of the observed cells, over n - 1; of the codes where the column is categorical.
    package let mean: Double
    package let deviation: Double
    package let smallest: Float
    package let largest: Float
  }

  /// One entry a column, over the rows at `rows`; nil for sets of images.
  package func columnSummaries(over rows: [Int]) -> [ColumnSummary]? {
    guard signature.kind != .image, case .floats(let values) = storage else { return nil }
    let width = signature.width
    return (0..<width).map { column in
      let cells = rows.map { values[$0 * width + column] }.filter { !$0.isNaN }
      let n = Double(cells.count)
      let mean = cells.reduce(0.0) { $0 + Double($1) } / max(n, 1)
      let squares = cells.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      return ColumnSummary(
        name: signature.columns?[column].name ?? "x\(column)", observed: cells.count, missing: rows.count - cells.count, mean: mean,
        deviation: (squares / max(n - 1, 1)).squareRoot(), smallest: cells.min() ?? .nan, largest: cells.max() ?? .nan)
    }
  }
}
