internal import Tensors

/// Which other cells a member is told when it is asked for one that was hidden from it: those that the table has beside one of its own holes.
///
/// So an imputer is judged by such gaps as it will fill in: by whole blocks where columns are missing together, by single cells where those are missing.
/// Every hidden cell's column has its holes gone through in a random order, and for each of them a row is looked for in which the column was hidden and
/// which has all that is known beside the hole, or as much of it as can be found. Where a column has no holes, a row is asked for as the members saw it.
struct HiddenCells {
  /// The rows whose cell is asked for, by column; a row may come more than once.
  let rows: [[Int]]
  /// One row a cell, column after column, all that is not told missing.
  let values: Tensor
  private let starts: [Int]

  var count: Int { values.shape[0] }

  /// Where the answers of a column's cells stand.
  func places(_ column: Int) -> Range<Int> { starts[column]..<starts[column + 1] }

  /// Cells that are asked for at a time, of all columns.
  private static let most = 20_000
  /// Rows that are looked at for one hole.
  private static let tries = 32

  /// - Parameter cells: the rows whose cell was hidden, by column.
  init(_ cells: [[Int]], of x: Tensor, _ holed: Tensor, key: RandomKey) {
    let (n, width) = (x.shape[0], cells.count)
    let (known, seen) = (x.scalars.map { !$0.isNaN }, holed.scalars)
    var (rows, asked, starts): ([[Int]], [Float], [Int]) = ([], [], [0])
    for (column, candidates) in cells.enumerated() {
      let own = key.split(column)
      let holes = (0..<n).filter { !known[$0 * width + column] }
      let count = min(candidates.count, max(Self.most / width, 1))
      let order = own.split("holes").permutation(max(holes.count, 1))
      let u = own.split("rows").uniform([max(count, 1), Self.tries]).scalars
      var chosen: [Int] = []
      for place in 0..<count {
        guard !holes.isEmpty else {
          let row = candidates[place * candidates.count / count]
          chosen.append(row)
          asked += seen[(row * width)..<((row + 1) * width)]
          continue
        }
        let hole = holes[order[place % holes.count]]
        func lacking(_ row: Int) -> Int { (0..<width).count { known[hole * width + $0] && !known[row * width + $0] } }
        var best: (row: Int, lacking: Int)?
        for attempt in 0..<Self.tries where best?.lacking != 0 {
          let row = candidates[min(Int(u[place * Self.tries + attempt] * Float(candidates.count)), candidates.count - 1)]
          let lacking = lacking(row)
          if lacking < best?.lacking ?? .max { best = (row, lacking) }
        }
        let row = best?.row ?? candidates[0]
        chosen.append(row)
        asked += (0..<width).map { $0 != column && known[hole * width + $0] ? x.scalars[row * width + $0] : .nan }
      }
      rows.append(chosen)
      starts.append(starts[column] + chosen.count)
    }
    (self.rows, self.starts) = (rows, starts)
    values = Tensor(shape: [starts[width], width], scalars: asked)
  }
}
