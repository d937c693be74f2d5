internal import Formats
internal import Modelling

/// Reads the cells of a table's rows as numbers of the model's columns, and keeps what a user should know of how they were read.
struct TableCells: Sendable {
  let columns: [TableSpace.Column]
  let isExact: Bool
  /// Marks of a missing cell that were chosen; nil where the usual ones are known, of which a category may be one.
  private let marks: [String]?
  private let isLenient: Bool
  private let missing: CSVOptions
  private let missingNumbers: Set<Double>
  private let nanIsMissing: Bool
  private var readers: [CellReader]
  /// Marks that were met, and cells that were taken for missing ones though they hold a text.
  private var met: [String: Int] = [:]
  private var odd = 0
  private var firstOdd = ""

  /// Where a cell stands.
  enum Place {
    /// In a file of lines; columns count from 1.
    case line(Int, column: Int)
    case row
  }

  /// - Parameter missing: with the marks of missing cells.
  init(_ columns: [TableSpace.Column], of table: TableSpace?, _ options: TableOptions?, missing: CSVOptions) {
    (self.columns, isExact, self.missing) = (columns, table?.isExact ?? false, missing)
    isLenient = options?.lenient == true
    marks = options?.missing == nil && options?.defaultMissing != false ? table?.missing : []
    missingNumbers = Set(missing.missing.compactMap(DecimalText.double))
    nanIsMissing = missing.isMissing("NaN")
    readers = columns.map { CellReader($0, options: options) }
  }

  /// The columns as the cells so far are written.
  var written: [TableSpace.Column] { readers.map(\.written) }

  var notes: [String] {
    var notes = readers.compactMap(\.note)
    let named = met.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }
    if !named.isEmpty { notes.append("read as missing: " + named.map { "\"\($0.key)\" (\($0.value))" }.joined(separator: ", ")) }
    if odd > 0 { notes.append("warning: \(odd) texts among numbers are read as missing, the first at \(firstOdd)") }
    return notes
  }

  // MARK: - Texts

  mutating func number(_ index: Int, _ text: String, row: Int) throws -> Double {
    try number(index, CSVField(value: text, isMissing: missing.isMissing(text)), row: row, at: .row)
  }

  mutating func number(_ index: Int, _ field: CSVField, row: Int, at place: Place) throws -> Double {
    let column = columns[index]
    let line = if case .line(let line, _) = place { line } else { row + 1 }
    switch readers[index].reading(field, marks: marks, line: line) {
    case .missing:
      met[field.value, default: 0] += 1
      return .nan
    case .value(let value):
      try check(value, index, row: row, given: field.value)
      return value
    case .unknown:
      let hint = readers[index].hint(field.value)
      if hint == nil, isLenient, !column.type.isDiscrete {
        if odd == 0 { firstOdd = if case .line(let line, _) = place { "line \(line), column \(column.name)" } else { Self.place(row, column) } }
        odd += 1
        return .nan
      }
      if column.type.isDiscrete { return Double(try Items.code(field.value, of: column, field: Self.place(row, column))) }
      let expected = isExact || hint != nil ? readers[index].expectation : "a number like -1.5e3, or one of the marks for a missing entry"
      let (given, sentence) = ("\"\(field.value.prefix(40))\"", expected + (hint.map { "; \($0)" } ?? ""))
      guard case .line(let line, let number) = place else { throw refusal(row, column, given, sentence) }
      throw CSVError(.mismatch, line: line, column: number, field: column.name, given: given, expected: sentence)
    }
  }

  // MARK: - Values with a type

  /// - Parameter text: the number as a text, which a category may be called.
  mutating func number(_ index: Int, _ value: Double, row: Int, text: () -> String) throws -> Double {
    if columns[index].type.isDiscrete, !value.isNaN { return try number(index, text(), row: row) }
    if value.isNaN, nanIsMissing { return .nan }
    if !missingNumbers.isEmpty, missingNumbers.contains(value) {
      met[text(), default: 0] += 1
      return .nan
    }
    let column = columns[index]
    guard value.isFinite else { throw refusal(row, column, text(), isExact ? column.expectation : "a finite number") }
    try check(value, index, row: row, given: text())
    return value
  }

  /// A day or time of a column of the type.
  func number(_ index: Int, _ value: Int64, of type: ArrowType, row: Int) throws -> Double {
    let column = columns[index]
    guard let day = column.number(ofDay: value, type) else {
      let hint = type.isOfOtherZone ? ", in UTC or without a zone" : ""
      throw refusal(row, column, "\(type.text(ofDay: value)) (\(type))", column.expectation + hint)
    }
    try check(day, index, row: row, given: type.text(ofDay: value))
    return day
  }

  private func check(_ value: Double, _ index: Int, row: Int, given: @autoclosure () -> String) throws {
    let column = columns[index]
    if isExact, !column.accepts(value) { throw refusal(row, column, given(), column.expectation) }
    guard isExact || Float(value).isFinite else {
      let place = Self.place(row, column)
      throw Problem(.impossible, "\(place) is beyond float32's range.", field: place, given: given())
    }
  }

  private static func place(_ row: Int, _ column: TableSpace.Column) -> String { "rows[\(row)].\(column.name)" }

  private func refusal(_ row: Int, _ column: TableSpace.Column, _ given: String, _ expected: String) -> Problem {
    let place = Self.place(row, column)
    return Problem(
      .impossible, "\(place) is \(given.prefix(60)), expected \(expected).", field: place, given: String(given.prefix(60)), expected: expected)
  }
}
