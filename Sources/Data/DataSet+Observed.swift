internal import Modelling
internal import Tensors

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
    package let smallest: Double
    package let largest: Double
    /// Whether every observed value is a whole number.
    package let isWhole: Bool
    /// Different observed values, counted up to one more than `mostDistinct`.
    package let distinct: Int

    package static let mostDistinct = 100
  }

  /// One entry a column, over the rows at `rows`; nil for sets of images.
  package func columnSummaries(over rows: [Int]) -> [ColumnSummary]? {
    guard let names = signature.space.names else { return nil }
    var columns = names.map { _ in Content() }
    forEachItem(of: rows) { item in for column in columns.indices where !item[column].isNaN { columns[column].add(item[column]) } }
    return zip(zip(names, columns), moments(over: rows) { $1 }).map { column, moments in
      let (name, content) = column
      return ColumnSummary(
        name: name, observed: content.observed, missing: rows.count - content.observed, mean: moments.mean, deviation: moments.deviation,
        smallest: content.smallest, largest: content.largest, isWhole: content.isWhole, distinct: content.seen.count)
    }
  }

  /// The least and the most number of some images; nil where they fill the range of such images, and of other items.
  package func seen(in rows: [Int]) -> ClosedRange<Float>? {
    guard let range = signature.space.picture?.range else { return nil }
    var (least, most) = (Float.infinity, -Float.infinity)
    let block = 1024
    for start in stride(from: 0, to: rows.count, by: block) {
      for value in raw(rows[start..<Swift.min(start + block, rows.count)]).scalars where !value.isNaN {
        (least, most) = (Swift.min(least, value), Swift.max(most, value))
      }
      if least <= range.lowerBound, most >= range.upperBound { return nil }
    }
    return least <= most ? least...most : nil
  }

  private struct Content {
    var observed = 0
    var smallest = Double.nan
    var largest = Double.nan
    var isWhole = true
    var seen: Set<Double> = []

    mutating func add(_ value: Double) {
      (smallest, largest) = observed == 0 ? (value, value) : (Swift.min(smallest, value), Swift.max(largest, value))
      observed += 1
      isWhole = isWhole && value == value.rounded()
      if seen.count <= ColumnSummary.mostDistinct { seen.insert(value) }
    }
  }

  /// Rows of a table in which every cell is missing; nil for sets of images.
  package var emptyRows: Int? {
    guard signature.space.isRow else { return nil }
    var empty = 0
    forEachItem(of: Array(0..<count)) { item in if item.allSatisfy(\.isNaN) { empty += 1 } }
    return empty
  }

  /// Mean and deviation (over n - 1) of what is observed in every column, of a function of it; 0 of none, and deviation 0 of one.
  ///
  /// - Parameter measure: of a column and a value; nil where the column has nothing to measure.
  func moments(over rows: [Int], _ measure: (Int, Double) -> Double?) -> [(mean: Double, deviation: Double)] {
    let width = signature.width
    var (counts, sums, squares) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    forEachItem(of: rows) { item in
      for column in 0..<width where !item[column].isNaN {
        guard let value = measure(column, item[column]) else { continue }
        (counts[column], sums[column]) = (counts[column] + 1, sums[column] + value)
      }
    }
    let means = zip(sums, counts).map { $0 / Swift.max($1, 1) }
    // Powers of two that bring the numbers near 1, so that no square is lost.
    var units = [Double](repeating: 0, count: width)
    forEachItem(of: rows) { item in
      for column in 0..<width where !item[column].isNaN {
        guard let value = measure(column, item[column]) else { continue }
        units[column] = Swift.max(units[column], (value - means[column]).magnitude.binade)
      }
    }
    units = units.map { $0 > 0x1p-500 && $0 < 0x1p500 || $0 == 0 ? 1 : $0 }
    forEachItem(of: rows) { item in
      for (column, number) in zip(0..<width, item) where !number.isNaN {
        guard let value = measure(column, number) else { continue }
        let distance = (value - means[column]) / units[column]
        squares[column] += distance * distance
      }
    }
    return (0..<width).map { (means[$0], (squares[$0] / Swift.max(counts[$0] - 1, 1)).squareRoot() * units[$0]) }
  }

  /// Raw items one after the other, in the precision in which they were read.
  private func forEachItem(of rows: [Int], _ body: (ArraySlice<Double>) -> Void) {
    if let exact = self.rows as? DoubleRows {
      for row in rows { body(exact.item(row).rebased) }
      return
    }
    let (width, block) = (signature.width, 1024)
    for start in stride(from: 0, to: rows.count, by: block) {
      let places = rows[start..<Swift.min(start + block, rows.count)]
      let numbers = raw(places).scalars
      for row in 0..<places.count { body(numbers[row * width..<(row + 1) * width].map(Double.init)[...]) }
    }
  }
}

extension ArraySlice<Double> {
  /// Counted from 0.
  fileprivate var rebased: ArraySlice<Double> { Array(self)[...] }
}
