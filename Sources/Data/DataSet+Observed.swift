internal import Modelling

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
    /// Whether every observed value is a whole number.
    package let isWhole: Bool
    /// Different observed values, counted up to one more than `mostDistinct`.
    package let distinct: Int

    package static let mostDistinct = 100
  }

  /// One entry a column, over the rows at `rows`; nil for sets of images.
  package func columnSummaries(over rows: [Int]) -> [ColumnSummary]? {
    guard signature.kind != .image, case .floats(let values) = storage else { return nil }
    let width = signature.width
    return (0..<width).map { column in
      let cells = rows.map { values[$0 * width + column] }.filter { !$0.isNaN }
      let moments = Moments(cells.lazy.map(Double.init))
      return ColumnSummary(
        name: signature.columns?[column].name ?? "x\(column)", observed: cells.count, missing: rows.count - cells.count, mean: moments.mean,
        deviation: moments.deviation, smallest: cells.min() ?? .nan, largest: cells.max() ?? .nan,
        isWhole: cells.allSatisfy { $0 == $0.rounded() }, distinct: Self.distinct(cells))
    }
  }

  private static func distinct(_ cells: [Float]) -> Int {
    var seen: Set<Float> = []
    for cell in cells where seen.count <= ColumnSummary.mostDistinct { seen.insert(cell) }
    return seen.count
  }

  /// Rows of a table in which every cell is missing; nil for sets of images.
  package var emptyRows: Int? {
    guard signature.kind != .image, case .floats(let values) = storage else { return nil }
    let width = signature.width
    return (0..<count).count { row in values[row * width..<(row + 1) * width].allSatisfy(\.isNaN) }
  }

  /// Mean and deviation (over n - 1) of some numbers; 0 of none, and deviation 0 of one.
  struct Moments {
    let mean: Double
    let deviation: Double

    init(_ values: some Collection<Double>) {
      var (count, sum) = (0.0, 0.0)
      for value in values { (count, sum) = (count + 1, sum + value) }
      let mean = sum / max(count, 1)
      let squares = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
      self.mean = mean
      deviation = (squares / max(count - 1, 1)).squareRoot()
    }
  }
}
