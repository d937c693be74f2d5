extension JSONValue {
  /// The same JSON for people: one member a line, arrays of plain values on one line.
  package func indented(by depth: Int = 0) -> String {
    let inner = String(repeating: "  ", count: depth + 1)
    let outer = String(repeating: "  ", count: depth)
    switch self {
    case .array(let values) where values.contains(where: \.hasMembers):
      return "[\n" + values.map { inner + $0.indented(by: depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
    case .array(let values): return "[" + values.map { $0.indented(by: depth) }.joined(separator: ", ") + "]"
    case .object(let members) where !members.isEmpty:
      let lines = members.map { inner + JSONValue.string($0.name).indented() + ": " + $0.value.indented(by: depth + 1) }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    case .object, .null, .bool, .integer, .number, .string, .numbers: return String(decoding: text, as: UTF8.self)
    }
  }

  /// The same JSON on one line, with a space after every comma and colon.
  package var line: String {
    switch self {
    case .array(let values): "[" + values.map(\.line).joined(separator: ", ") + "]"
    case .object(let members): "{" + members.map { "\(JSONValue.string($0.name).line): \($0.value.line)" }.joined(separator: ", ") + "}"
    case .null, .bool, .integer, .number, .string, .numbers: String(decoding: text, as: UTF8.self)
    }
  }

  private var hasMembers: Bool {
    switch self {
    case .object(let members): !members.isEmpty
    case .array(let values): values.contains(where: \.hasMembers)
    case .null, .bool, .integer, .number, .string, .numbers: false
    }
  }
}
