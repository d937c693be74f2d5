/// The matching of rows and columns, each with at most one of the other, that has the least sum of costs or the greatest of gains.
///
/// Kuhn 1955 in the form with potentials and shortest augmenting paths (Jonker and Volgenant 1987): O(r² c) for r ≤ c. Where there are more rows than
/// columns, the rest of the rows have no partner.
package struct HungarianAssignment: Sendable, Equatable {
  /// The column of each row; nil for a row without a partner.
  package let columns: [Int?]

  package init(minimising costs: [[Double]]) {
    let (rows, width) = (costs.count, costs.first?.count ?? 0)
    precondition(costs.allSatisfy { $0.count == width && $0.allSatisfy(\.isFinite) }, "costs are no matrix of finite numbers")
    guard rows > width else {
      columns = Self.solve(costs)
      return
    }
    let transposed = (0..<width).map { column in costs.map { $0[column] } }
    var columns = [Int?](repeating: nil, count: rows)
    for (column, row) in Self.solve(transposed).enumerated() { columns[row] = column }
    self.columns = columns
  }

  package init(maximising gains: [[Double]]) { self.init(minimising: gains.map { $0.map { -$0 } }) }

  /// At most as many rows as columns; row and column 0 of the arrays stand for "none".
  private static func solve(_ costs: [[Double]]) -> [Int] {
    let (n, m) = (costs.count, costs.first?.count ?? 0)
    // costs[i][j] - u[i] - v[j] ≥ 0 everywhere, and = 0 along the matching.
    var (u, v) = ([Double](repeating: 0, count: n + 1), [Double](repeating: 0, count: m + 1))
    var rowOf = [Int](repeating: 0, count: m + 1)
    for row in stride(from: 1, through: n, by: 1) {
      // The shortest path from this row to a column without a partner.
      var (distance, previous) = ([Double](repeating: .infinity, count: m + 1), [Int](repeating: 0, count: m + 1))
      var isDone = [Bool](repeating: false, count: m + 1)
      rowOf[0] = row
      var column = 0
      repeat {
        isDone[column] = true
        let (i, reached) = (rowOf[column], column)
        var (least, next) = (Double.infinity, 0)
        for j in 1...m where !isDone[j] {
          let reduced = costs[i - 1][j - 1] - u[i] - v[j]
          if reduced < distance[j] { (distance[j], previous[j]) = (reduced, reached) }
          if distance[j] < least { (least, next) = (distance[j], j) }
        }
        for j in 0...m {
          if isDone[j] {
            u[rowOf[j]] += least
            v[j] -= least
          } else {
            distance[j] -= least
          }
        }
        column = next
      } while rowOf[column] != 0
      while column != 0 {
        rowOf[column] = rowOf[previous[column]]
        column = previous[column]
      }
    }
    var columns = [Int](repeating: 0, count: n)
    for j in stride(from: 1, through: m, by: 1) where rowOf[j] != 0 { columns[rowOf[j] - 1] = j - 1 }
    return columns
  }
}
