internal import Tensors

/// Which cells of rows are known, and the rows in an order in which those of one pattern follow each other.
struct RowStates {
  private let states: [CellState]
  private let width: Int
  /// Every row, and whether a pattern begins with it; equal rows in the order that they stand in.
  let inTurn: [(row: Int, isNew: Bool)]

  /// States of a word.
  private static let perWord = 32

  init(_ states: [CellState], width: Int) {
    (self.states, self.width) = (states, width)
    let rows = width > 0 ? states.count / width : 0
    let words = (width + Self.perWord - 1) / Self.perWord
    // The first column is of greatest weight, as if patterns were compared column by column.
    var keys = [UInt64](repeating: 0, count: rows * words)
    for row in 0..<rows {
      for column in 0..<width {
        let shift = UInt64(2 * (Self.perWord - 1 - column % Self.perWord))
        keys[row * words + column / Self.perWord] |= UInt64(states[row * width + column].rawValue) << shift
      }
    }
    func isSame(_ one: Int, _ other: Int) -> Bool { (0..<words).allSatisfy { keys[one * words + $0] == keys[other * words + $0] } }
    let order = (0..<rows).sorted { one, other in
      for word in 0..<words {
        let (a, b) = (keys[one * words + word], keys[other * words + word])
        if a != b { return a < b }
      }
      return one < other
    }
    inTurn = order.enumerated().map { ($1, $0 == 0 || !isSame(order[$0 - 1], $1)) }
  }

  /// What is known of x alone.
  init(knownOf x: Tensor) { self.init(x.scalars.map { $0.isNaN ? .absent : .given }, width: x.shape[1]) }

  subscript(row: Int) -> ArraySlice<CellState> { states[(row * width)..<((row + 1) * width)] }
}
