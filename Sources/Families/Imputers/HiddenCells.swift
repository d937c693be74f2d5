internal import Tensors

/// What members are asked for of the cells that were hidden from them, and what they are told of the same rows: about what the table has beside
/// its own holes.
///
/// So an imputer is judged by such gaps as it will fill in: by whole blocks where columns are missing together, by single cells where those are
/// missing. For every row with hidden cells a row with holes is looked for, of which one is where a cell is hidden and which else knows the same;
/// asked for is what was hidden in the first and is missing in the second, told what both know. Of a table without holes all that was hidden is
/// asked for, row by row as the members saw it.
struct HiddenCells {
  struct Cell {
    let row: Int
    /// The row of `values` that asks for it.
    let place: Int
  }

  /// By column.
  private(set) var cells: [[Cell]]
  /// All that is not told is missing: [count, columns].
  let values: Tensor

  var count: Int { values.shape[0] }

  /// Rows with holes that are looked at for one row.
  private static let tries = 32

  /// - Parameter holed: the rows with more cells hidden.
  init(_ x: Tensor, _ holed: Tensor, key: RandomKey) {
    let (n, width) = (x.shape[0], x.shape[1])
    let known = x.scalars.map { !$0.isNaN }
    let hidden = zip(known, holed.scalars).map { $0 && $1.isNaN }
    func row<Element>(_ row: Int, of values: [Element]) -> ArraySlice<Element> { values[(row * width)..<((row + 1) * width)] }
    let candidates = (0..<n).filter { row($0, of: hidden).contains(true) }
    let gaps = (0..<n).filter { row($0, of: known).contains(false) }
    cells = Array(repeating: [], count: width)
    guard !gaps.isEmpty, !candidates.isEmpty else {
      for (place, row) in candidates.enumerated() {
        for column in 0..<width where hidden[row * width + column] { cells[column].append(Cell(row: row, place: place)) }
      }
      values = holed.gather(candidates)
      return
    }
    let u = key.uniform([candidates.count, Self.tries]).scalars
    var (told, questions): ([Float], Int) = ([], 0)
    for (number, row) in candidates.enumerated() {
      var best: (gap: Int, cost: Int)?
      for attempt in 0..<Self.tries where best?.cost != 0 {
        let gap = gaps[min(Int(u[number * Self.tries + attempt] * Float(gaps.count)), gaps.count - 1)]
        var (cost, isAsked) = (0, false)
        for column in 0..<width {
          switch (known[gap * width + column], known[row * width + column]) {
          case (true, false): cost += 1
          case (false, true): if hidden[row * width + column] { isAsked = true } else { cost += 1 }
          case (true, true), (false, false): break
          }
        }
        if isAsked, cost < best?.cost ?? .max { best = (gap, cost) }
      }
      guard let gap = best?.gap else { continue }
      for column in 0..<width where hidden[row * width + column] && !known[gap * width + column] {
        cells[column].append(Cell(row: row, place: questions))
      }
      told += (0..<width).map { known[gap * width + $0] ? x.scalars[row * width + $0] : .nan }
      questions += 1
    }
    values = Tensor(shape: [questions, width], scalars: told)
  }
}
