internal import Coding
internal import Formats

/// Some rows of a table as symbols for codecs.
package struct TableSymbols: Sendable, Equatable {
  /// Of every row: how many rows before it the same one stands, 0 where there is none. The others are in no other part.
  let repeats: [Int]
  /// Of every column of numbers, over the rows that are no repeats; nil of categories, and where nothing is observed.
  let numbers: [ColumnNumbers?]
  /// Rows that are no repeats: places on the grid, or in the list, or codes of categories; -1 where a cell is missing.
  let cells: [Int]
  let layout: [UInt8]
  let texts: [Texts]

  /// A column that the model doesn't know.
  struct Texts: Sendable, Equatable {
    let context: AdaptiveText.Context
    let cells: [[UInt8]]
  }

  package var count: Int { repeats.count }
  var width: Int { numbers.count }
  package var distinct: Int { cells.count / width }
  /// Cells that are there, those of repeated rows with them.
  package let observed: Int
  /// Of the rows that are no repeats.
  package var distinctObserved: Int { cells.count { $0 >= 0 } }

  init(repeats: [Int], numbers: [ColumnNumbers?], cells: [Int], layout: [UInt8], texts: [Texts]) {
    (self.repeats, self.numbers, self.cells, self.layout, self.texts) = (repeats, numbers, cells, layout, texts)
    let width = numbers.count
    let observed = stride(from: 0, to: cells.count, by: width).map { first in cells[first..<first + width].count { $0 >= 0 } }
    self.observed = Self.places(repeats).reduce(0) { $0 + observed[$1] }
  }

  /// Of every row, its place among those that are no repeats.
  private static func places(_ repeats: [Int]) -> [Int] {
    var (places, next): ([Int], Int) = ([], 0)
    for (row, distance) in repeats.enumerated() {
      places.append(distance > 0 ? places[row - distance] : next)
      if distance == 0 { next += 1 }
    }
    return places
  }

  /// - Parameter place: what errors call a cell, by its row and column; `items[3].age` where absent.
  /// - Throws: at a number that has no place on a decimal grid, or whose text in the column's form is that of another.
  package init(_ table: TableContent, _ space: TableSpace, place: ((_ row: Int, _ column: Int) -> String)? = nil) throws(Fault) {
    let width = table.width
    try table.layout.check()
    let repeats = Self.repeats(table)
    let rows = repeats.indices.filter { repeats[$0] == 0 }
    var numbers: [ColumnNumbers?] = []
    var cells = [Int](repeating: -1, count: rows.count * width)
    for (index, column) in space.columns.enumerated() {
      let places = rows.indices.filter { !table.values[rows[$0] * width + index].isNaN }
      let values = places.map { table.values[rows[$0] * width + index] }
      func refuse(_ number: Int, _ expected: String) -> Fault {
        let row = rows[places[number]]
        return Fault(
          field: place?(row, index) ?? "items[\(row)].\(column.name)", given: NumberForm.plainText(values[number]), expected: expected)
      }
      if let stranger = values.firstIndex(where: { !column.accepts($0) }) { throw refuse(stranger, column.expectation) }
      guard !column.type.isDiscrete else {
        numbers.append(nil)
        for (place, value) in zip(places, values) { cells[place * width + index] = Int(value) }
        continue
      }
      do throws(NumberGrid.Absence) {
        let grid = try NumberGrid(of: values)
        numbers.append(grid.map { ColumnNumbers(grid: $0, list: nil) })
        for (place, value) in zip(places, values) { cells[place * width + index] = grid?.place(of: value) ?? -1 }
      } catch { throw refuse(error.place, error.expected) }
      if column.form != nil || column.type == .date, let stranger = values.firstIndex(where: { column.exactText($0) == nil }) {
        throw refuse(stranger, "a value that can be written as the column's cells are, like \(column.text(values[stranger]))")
      }
    }
    let texts = table.texts.map { $0.map { Array($0.utf8) } }
    self.init(
      repeats: repeats, numbers: numbers, cells: cells, layout: table.layout.bytes(width: width),
      texts: texts.map { Texts(context: AdaptiveText.context(of: $0), cells: $0) })
  }

  /// The same with only those numbers listed that some columns have; nil for a column with too many.
  func listing(_ column: Int) -> TableSymbols? {
    guard let grid = numbers[column]?.grid, numbers[column]?.list == nil else { return nil }
    var counts: [Int: Int] = [:]
    for row in 0..<distinct where cells[row * width + column] >= 0 { counts[cells[row * width + column], default: 0] += 1 }
    guard counts.count > 1, counts.count <= ListedNormal.List.longest else { return nil }
    let list = counts.map { ColumnNumbers.Listed(place: $0.key, count: $0.value) }.sorted { $0.place < $1.place }
    let places = Dictionary(uniqueKeysWithValues: list.enumerated().map { ($1.place, $0) })
    var (numbers, cells) = (numbers, cells)
    numbers[column] = ColumnNumbers(grid: grid, list: list)
    for cell in stride(from: column, to: cells.count, by: width) where cells[cell] >= 0 { cells[cell] = places[cells[cell]] ?? -1 }
    return TableSymbols(repeats: repeats, numbers: numbers, cells: cells, layout: layout, texts: texts)
  }

  private static func repeats(_ table: TableContent) -> [Int] {
    var last: [[UInt64]: Int] = [:]
    return (0..<table.count).map { row in
      // One bit pattern for all that is missing, and one for both zeros.
      let bits = table.values[row * table.width..<(row + 1) * table.width].map { $0.isNaN ? Double.nan.bitPattern : ($0 + 0).bitPattern }
      let before = last.updateValue(row, forKey: bits)
      return before.map { row - $0 } ?? 0
    }
  }

  /// The table again; nil for symbols that are none of this space.
  package func content(_ space: TableSpace) -> TableContent? {
    guard let layout = TableLayout(layout, width: width) else { return nil }
    let rows = (0..<distinct).map { values(of: $0) }
    return TableContent(
      layout: layout, values: Self.places(repeats).flatMap { rows[$0] }, texts: texts.map { $0.cells.map { String(decoding: $0, as: UTF8.self) } },
      width: width)
  }

  /// Raw values of a row that is no repeat.
  func values(of row: Int) -> [Double] { values(cells[row * width..<(row + 1) * width]) }

  func values(_ row: ArraySlice<Int>) -> [Double] {
    zip(row, numbers).map { cell, numbers in cell < 0 ? .nan : numbers?.value(cell) ?? Double(cell) }
  }

  /// Bytes that tell any two apart.
  package var bytes: [UInt8] {
    var bytes = layout
    func append(_ number: Int) { withUnsafeBytes(of: Int64(number).littleEndian) { bytes.append(contentsOf: $0) } }
    append(count)
    for distance in repeats { append(distance) }
    for place in 0..<distinct {
      for value in values(of: place) { append(Int(bitPattern: UInt(value.isNaN ? Double.nan.bitPattern : value.bitPattern))) }
    }
    for text in texts.map(\.cells).joined() {
      append(text.count)
      bytes += text
    }
    return bytes
  }
}

extension TableSpace.Column {
  /// A raw value as a cell that reads back as that very value; nil where its form has none.
  package func exactText(_ value: Double) -> String? {
    let own = text(value)
    if number(of: own) == value { return own }
    guard var form else { return nil }
    // More digits than the column had when it was learnt from.
    form.decimals = nil
    let longer = form.text(value)
    return number(of: longer) == value ? longer : nil
  }
}
