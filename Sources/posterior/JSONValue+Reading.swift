import Formats

// What commands read from answers to show it; a member that is missing shows as "-".
extension JSONValue {
  func text(_ name: String) -> String? { if case .string(let value)? = self[name] { value } else { nil } }
  func integer(_ name: String) -> Int? { if case .integer(let value)? = self[name] { value } else { nil } }
  func number(_ name: String) -> Double? { self[name]?.double }
  func elements(_ name: String) -> [JSONValue] { if case .array(let values)? = self[name] { values } else { [] } }
  func texts(_ name: String) -> [String] { elements(name).compactMap { if case .string(let value) = $0 { value } else { nil } } }

  /// The members of an object whose values are texts, as `name=value`.
  func pairs(_ name: String) -> [String] {
    guard case .object(let members)? = self[name] else { return [] }
    return members.map { member in if case .string(let value) = member.value { "\(member.name)=\(value)" } else { member.name } }
  }

  /// A cell of a table.
  func cell(_ name: String) -> String { text(name) ?? integer(name).map(String.init) ?? "-" }

  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object, .numbers: nil
    }
  }

  func print() { Swift.print(String(decoding: text, as: UTF8.self)) }
}
