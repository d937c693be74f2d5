package import Modelling
package import Tensors

/// Rows of a table drawn with replacement, as many as it has (Efron 1994; for multiple imputation Honaker and King 2010).
///
/// What only a few rows know would be lost to some of the samples: a column without a number, or a category, can't be learnt. One of those rows then
/// takes the place of a row that was drawn twice, so that nothing else is lost for it.
package struct Bootstraps: Sendable {
  private let data: TrainingData
  /// The rows of every category, and of the numbers of every column, that few have.
  private let rare: [[Int]]

  /// Of so many rows a sample has none once in 10^13.
  private static let few = 30
  private static let block = 1024

  package init(_ data: TrainingData, _ signature: Signature) {
    self.data = data
    let width = signature.width
    let counts = (0..<width).map { signature.space.categories(at: $0)?.count ?? 1 }
    var holders = counts.map { [[Int]](repeating: [], count: $0) }
    for start in stride(from: 0, to: data.count, by: Self.block) {
      let rows = Array(start..<min(start + Self.block, data.count))
      for (place, value) in data[rows].scalars.enumerated() where !value.isNaN {
        let column = place % width
        let kind = signature.space.type(at: column).isDiscrete ? Int(value) : 0
        if holders[column][kind].count <= Self.few { holders[column][kind].append(rows[place / width]) }
      }
    }
    rare = holders.joined().filter { (1...Self.few).contains($0.count) }
  }

  /// The rows of one sample, by their numbers in the table.
  package func rows(key: RandomKey) -> [Int] {
    let n = data.count
    let u = key.split("rows").uniform([n, 2]).scalars
    // Two uniform numbers of 24 bits each are one that tells millions of rows apart.
    var drawn = (0..<n).map { min(Int((Double(u[2 * $0]) + Double(u[2 * $0 + 1]) * 0x1p-24) * Double(n)), n - 1) }
    var times = [Int](repeating: 0, count: n)
    for row in drawn { times[row] += 1 }
    var place = 0
    for (number, rows) in rare.enumerated() where rows.allSatisfy({ times[$0] == 0 }) {
      // While a row is missing another one is there twice.
      while times[drawn[place]] < 2 { place += 1 }
      let found = rows[min(Int(key.split("rare").split(number).uniform([1]).scalar * Float(rows.count)), rows.count - 1)]
      times[drawn[place]] -= 1
      times[found] += 1
      drawn[place] = found
    }
    return drawn
  }

  /// One sample to learn from.
  package func sample(key: RandomKey) -> TrainingData {
    let (data, rows) = (data, rows(key: key))
    return TrainingData(count: data.count) { items in data[items.map { rows[$0] }] }
  }
}
