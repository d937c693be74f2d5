internal import Formats
internal import Modelling

/// Cells of a table as JSON has them: to numbers, and back from numbers to the types that the observed cells of a column have.
struct JSONCells: Sendable {
  private let space: Space
  private let missing: CSVOptions?
  private let marks: [String]?

  init(_ signature: Signature, _ options: TableOptions? = TableOptions()) {
    space = signature.space
    let table = signature.space.table
    missing = table == nil ? nil : options?.csv(marks: table?.missing)
    marks = table?.missing
  }

  /// A number, the code of a category, whose name may look like a number or a truth value, or a day; NaN for null and for the marks of missing cells.
  func number(_ value: JSONValue, at index: Int, field: String) throws -> Double {
    let column = space.table?.columns[index]
    switch value {
    case .null: return .nan
    case .integer, .number, .string, .bool:
      if isMissing(value, column) { return .nan }
    case .array, .object, .numbers: break
    }
    guard let column, column.type.isDiscrete else { return try plain(value, column, field: field) }
    switch value {
    case .string(let name): return Double(try Items.code(name, of: column, field: field))
    case .bool, .integer, .number: return Double(try Items.code(String(decoding: value.text, as: UTF8.self), of: column, field: field))
    case .null, .array, .object, .numbers: throw refusal(value, field, "a category or null")
    }
  }

  private func isMissing(_ value: JSONValue, _ column: TableSpace.Column?) -> Bool {
    guard let missing else { return false }
    let text = if case .string(let text) = value { text } else { String(decoding: value.text, as: UTF8.self) }
    guard missing.isMissing(text) else { return false }
    return !(marks == nil && column?.type.isDiscrete == true && column?.categories?.contains(text) == true)
  }

  private func plain(_ value: JSONValue, _ column: TableSpace.Column?, field: String) throws -> Double {
    let number: Double
    switch value {
    case .integer(let integer) where column?.type != .date: number = Double(integer)
    case .number(let double) where column?.type != .date: number = double
    case .string(let text) where column?.type == .date:
      guard let value = column?.number(of: text) else { throw refusal(value, field, column?.expectation ?? "a date") }
      number = value
    case .null, .bool, .string, .array, .object, .numbers, .integer, .number:
      throw refusal(value, field, column?.type == .date ? "\(column?.expectation ?? "a date"), as a string, or null" : "a number or null")
    }
    if space.table?.isExact == true, let column {
      guard column.accepts(number) else { throw refusal(value, field, column.expectation) }
      return number
    }
    guard Float(number).isFinite else {
      throw Problem(.impossible, "\(field) is \(number), expected a number within float32's range.", field: field, given: "\(number)")
    }
    return number
  }

  private func refusal(_ value: JSONValue, _ field: String, _ expected: String) -> Problem {
    let given = String(decoding: value.text.prefix(60), as: UTF8.self)
    return Problem(.impossible, "\(field) is \(given), expected \(expected).", field: field, given: given, expected: expected)
  }

  // MARK: - Back

  /// Whether a cell stands for a missing one.
  func isMissing(_ value: JSONValue, at index: Int) -> Bool { value == .null || isMissing(value, space.table?.columns[index]) }

  /// A value as JSON, of the type that the observed cells of its column have in these rows, or else that its categories look like.
  func value(_ number: Double, at index: Int, like example: JSONValue?) -> JSONValue {
    guard let categories = space.categories(at: index) else {
      guard let table = space.table, table.isExact else { return .float(Float(number)) }
      let column = table.columns[index]
      if column.type == .date { return .string(column.text(number)) }
      if number == number.rounded(), number.magnitude < 0x1p53, column.type != .real || table.resolution(at: index) >= 1 {
        return .integer(Int(number))
      }
      let text = NumberForm.plain.text(number, resolution: table.resolution(at: index))
      return Int(text).map(JSONValue.integer) ?? .number(Double(text) ?? number)
    }
    let name = categories[Int(number)]
    switch example {
    case .string: return .string(name)
    case .bool: return Self.truth(name) ?? .string(name)
    case .integer, .number: return Self.number(name) ?? .string(name)
    case nil, .null, .array, .object, .numbers:
      if categories.allSatisfy({ Self.number($0) != nil }) { return Self.number(name) ?? .string(name) }
      if categories.allSatisfy({ Self.truth($0) != nil }) { return Self.truth(name) ?? .string(name) }
      return .string(name)
    }
  }

  private static func number(_ name: String) -> JSONValue? { Int(name).map(JSONValue.integer) ?? DecimalText.double(name).map(JSONValue.number) }
  private static func truth(_ name: String) -> JSONValue? { ["true": .bool(true), "false": .bool(false)][name.lowercased()] }
}
