internal import Coding

// What is told of all rows before any of them.
extension TableChain {
  /// What a reader knows when it comes to the rows.
  struct Head {
    let layout: TableLayout
    let repeats: [Int]
    let numbers: [ColumnNumbers?]
    /// Of every row that is no repeat, which of its cells.
    let isThere: [[Bool]]

    func cells(of known: [Int], at isThere: [Bool]) -> [Int] {
      var rest = known[...]
      return isThere.map { $0 ? rest.popFirst() ?? -1 : -1 }
    }

    func values(of known: [Int], at isThere: [Bool]) -> [Double] {
      zip(cells(of: known, at: isThere), numbers).map { cell, numbers in cell < 0 ? .nan : numbers?.value(cell) ?? Double(cell) }
    }
  }

  // In the order in which they are popped: layout, repeats, missing cells, numbers.

  func pushHead(_ table: TableSymbols, onto message: inout Message) throws(CodingError) {
    try pushNumbers(table, onto: &message)
    let width = table.width
    for column in (0..<width).reversed() {
      try Flags(count: table.distinct).push((0..<table.distinct).map { table.cells[$0 * width + column] < 0 }, onto: &message)
    }
    let distances = table.repeats.filter { $0 > 0 }
    try WholeNumbers(count: distances.count).push(distances, onto: &message)
    try Flags(count: count).push(table.repeats.map { $0 > 0 }, onto: &message)
    try AdaptiveText(count: 1, by: .before).push([table.layout], onto: &message)
  }

  func popHead(from message: inout Message) throws(CodingError) -> Head {
    let width = space.width
    guard let layout = TableLayout(try AdaptiveText(count: 1, by: .before).pop(from: &message)[0], width: width) else {
      throw CodingError(.symbol, "layout", given: "other bytes", expected: "the columns of the model, each once")
    }
    let isRepeat = try Flags(count: count).pop(from: &message)
    let distances = try WholeNumbers(count: isRepeat.count { $0 }).pop(from: &message)
    var (rest, repeats): (ArraySlice<Int>, [Int]) = (distances[...], [])
    for (row, isRepeat) in isRepeat.enumerated() {
      let distance = isRepeat ? rest.popFirst() ?? 0 : 0
      guard !isRepeat || (distance >= 1 && distance <= row) else {
        throw CodingError(.symbol, "row \(row)", given: "a repeat from \(distance) rows before", expected: "a row that is there")
      }
      repeats.append(distance)
    }
    let distinct = count - distances.count
    var isThere = [[Bool]](repeating: [Bool](repeating: true, count: width), count: distinct)
    for column in 0..<width {
      for (row, isMissing) in try Flags(count: distinct).pop(from: &message).enumerated() where isMissing { isThere[row][column] = false }
    }
    let numbers = try popNumbers(isThere, from: &message)
    return Head(layout: layout, repeats: repeats, numbers: numbers, isThere: isThere)
  }

  func pushNumbers(_ table: TableSymbols, onto message: inout Message) throws(CodingError) {
    for numbers in table.numbers.reversed() { try pushNumbers(numbers, onto: &message) }
  }

  /// A grid, and how many of its numbers are listed: 0 for all. Then a list: how far apart neighbours are, and how often each occurs.
  func pushNumbers(_ numbers: ColumnNumbers?, onto message: inout Message) throws(CodingError) {
    guard let numbers else { return }
    let (grid, list) = (numbers.grid, numbers.list ?? [])
    let gaps = zip(list, list.dropFirst()).map { $1.place - $0.place - 1 }
    try WholeNumbers(count: list.count).push(list.map { $0.count - 1 }, onto: &message)
    try WholeNumbers(count: gaps.count).push(gaps, onto: &message)
    try WholeNumbers(count: 5).push(
      [WholeNumbers.folded(grid.exponent), WholeNumbers.folded(grid.first), grid.count - 1, grid.step - 1, list.count], onto: &message)
  }

  private func popNumbers(_ isThere: [[Bool]], from message: inout Message) throws(CodingError) -> [ColumnNumbers?] {
    var all: [ColumnNumbers?] = []
    for (index, column) in space.columns.enumerated() {
      let isKnown = !column.type.isDiscrete && isThere.contains { $0[index] }
      all.append(isKnown ? try popNumbers(from: &message) : nil)
    }
    return all
  }

  private func popNumbers(from message: inout Message) throws(CodingError) -> ColumnNumbers {
    let head = try WholeNumbers(count: 5).pop(from: &message)
    guard head[3] < .max, head[4] <= ListedNormal.List.longest,
      let grid = NumberGrid(
        exponent: WholeNumbers.unfolded(head[0]), first: WholeNumbers.unfolded(head[1]), step: head[3] + 1, last: head[2])
    else {
      throw CodingError(.symbol, "grid", given: "\(head)", expected: "a grid of doubles, of which at most \(ListedNormal.List.longest) are listed")
    }
    guard head[4] > 0 else { return ColumnNumbers(grid: grid, list: nil) }
    let gaps = try WholeNumbers(count: head[4] - 1).pop(from: &message)
    var place = 0
    var list: [ColumnNumbers.Listed] = []
    for (index, count) in try WholeNumbers(count: head[4]).pop(from: &message).enumerated() {
      if index > 0 {
        guard gaps[index - 1] < grid.count - 1 - place else {
          throw CodingError(.symbol, "listed number \(index)", given: "\(gaps[index - 1]) behind the one before", expected: "one of the grid")
        }
        place += gaps[index - 1] + 1
      }
      list.append(.init(place: place, count: min(count, .max - 1) + 1))
    }
    return ColumnNumbers(grid: grid, list: list)
  }
}

// MARK: - Columns that the model doesn't know

extension TableChain {
  func pushTexts(_ table: TableSymbols, onto message: inout Message) throws(CodingError) {
    for column in table.texts.reversed() {
      try AdaptiveText(count: count, by: column.context).push(column.cells, onto: &message)
      try Self.contexts().push([column.context.rawValue], onto: &message)
    }
  }

  func popTexts(_ columns: Int, from message: inout Message) throws(CodingError) -> [TableSymbols.Texts] {
    var texts: [TableSymbols.Texts] = []
    for _ in 0..<columns {
      let context = AdaptiveText.Context.allCases[try Self.contexts().pop(from: &message)[0]]
      texts.append(.init(context: context, cells: try AdaptiveText(count: count, by: context).pop(from: &message)))
    }
    return texts
  }

  private static func contexts() throws(CodingError) -> Uniform { try Uniform(count: 1, symbols: AdaptiveText.Context.allCases.count) }
}

/// Truths that are likely or not by how many there are, which is told with them; none, or all, cost no more than that.
private struct Flags: Codec {
  let count: Int

  func push(_ flags: [Bool], onto message: inout Message) throws(CodingError) {
    let ones = flags.count { $0 }
    if let codec = try codec(ones) { try codec.push(flags.map { $0 ? 1 : 0 }, onto: &message) }
    try WholeNumbers(count: 1).push([ones], onto: &message)
  }

  func pop(from message: inout Message) throws(CodingError) -> [Bool] {
    let ones = try WholeNumbers(count: 1).pop(from: &message)[0]
    guard (0...count).contains(ones) else { throw CodingError(.symbol, "flags", given: "\(ones)", expected: "0 to \(count)") }
    guard let codec = try codec(ones) else { return [Bool](repeating: ones > 0, count: count) }
    return try codec.pop(from: &message).map { $0 == 1 }
  }

  private func codec(_ ones: Int) throws(CodingError) -> Coding.Bernoulli? {
    guard ones > 0, ones < count else { return nil }
    return try Coding.Bernoulli(probabilities: [Float](repeating: Float(ones) / Float(count), count: count))
  }
}
