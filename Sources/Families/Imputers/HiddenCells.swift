internal import Tensors

/// What members are asked for of the cells that were hidden from them, and what they are told of the same rows: as much as the table has beside its own
/// holes.
///
/// So an imputer is judged by such gaps as it will fill in: by whole blocks where columns are missing together, by single cells where those are missing.
/// Rows with holes are gone through in a random order, and for each a row is looked for that knows all that the first one does, or as much of it as can
/// be found; asked for is what was hidden in the second and is missing in the first. Of a table without holes all that was hidden is asked for, row by
/// row as the members saw it.
struct HiddenCells {
  struct Cell {
    let row: Int
    /// The row of `values` that asks for it.
    let place: Int
  }

  /// By column; a cell may come more than once.
  private(set) var cells: [[Cell]]
  /// All that is not told is missing: [count, columns].
  let values: Tensor

  var count: Int { values.shape[0] }

  /// Rows that are looked at for one with holes.
  private static let tries = 32
  /// Questions for every row of the table, and of a small one in all.
  private static let questions = (each: 2, least: 200)

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
    let (wanted, most) = (hidden.count { $0 }, max(Self.questions.each * n, Self.questions.least))
    let order = key.split("gaps").permutation(gaps.count)
    var (told, found, questions): ([Float], Int, Int) = ([], 0, 0)
    for question in 0..<most where found < wanted {
      let gap = gaps[order[question % gaps.count]]
      var best: (row: Int, lacking: Int)?
      let u = key.split("rows").split(question).uniform([Self.tries]).scalars
      for attempt in u where best?.lacking != 0 {
        let candidate = candidates[min(Int(attempt * Float(candidates.count)), candidates.count - 1)]
        var (lacking, isAsked) = (0, false)
        for column in 0..<width {
          if known[gap * width + column] {
            if !known[candidate * width + column] { lacking += 1 }
          } else if hidden[candidate * width + column] {
            isAsked = true
          }
        }
        if isAsked, lacking < best?.lacking ?? .max { best = (candidate, lacking) }
      }
      guard let chosen = best?.row else { continue }
      for column in 0..<width where hidden[chosen * width + column] && !known[gap * width + column] {
        cells[column].append(Cell(row: chosen, place: questions))
        found += 1
      }
      told += (0..<width).map { known[gap * width + $0] ? x.scalars[chosen * width + $0] : .nan }
      questions += 1
    }
    values = Tensor(shape: [questions, width], scalars: told)
  }
}
