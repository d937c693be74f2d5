internal import Tensors

/// Answers to the rows of one request, gathered in one place while parts of them are computed, so that they never stand in memory twice.
struct GatheredAnswers: Sendable {
  private let count: Int
  /// All of them, where they were computed as one.
  private var whole: RowAnswers?
  private var numbers: [Float] = []
  private var contents: [(start: Int, content: RowAnswers.Content)] = []
  private var computed = 0

  init(count: Int) { self.count = count }

  var isComplete: Bool { computed == count }

  /// Takes the answers to some of the rows, in any order.
  mutating func add(_ found: RowAnswers, of rows: Range<Int>) {
    precondition(found.count == rows.count, "\(found.count) answers to \(rows.count) rows")
    computed += rows.count
    guard rows.count < count else {
      whole = found
      return
    }
    let width = found.numbers.shape[1]
    if numbers.isEmpty, width > 0 {
      // Every number is written before `take`, which asks for all rows.
      numbers = [Float](unsafeUninitializedCapacity: count * width) { $1 = count * width }
    }
    numbers.withUnsafeMutableBufferPointer { all in
      guard let base = all.baseAddress, width > 0 else { return }
      found.numbers.withScalars { (base + rows.lowerBound * width).update(from: $0, count: rows.count * width) }
    }
    contents.append((rows.lowerBound, found.content))
  }

  /// All answers in the order of the rows; gives them away, so that they are let go of once they are written.
  mutating func take() -> RowAnswers {
    precondition(isComplete, "\(computed) answers to \(count) rows")
    defer { (whole, numbers, contents) = (nil, [], []) }
    if let whole { return whole }
    let content = RowAnswers.Content.joined(contents.sorted { $0.start < $1.start }.map(\.content))
    return RowAnswers(Tensor(shape: [count, numbers.count / max(count, 1)], scalars: numbers), content)
  }
}
