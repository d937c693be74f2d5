extension JSONValue {
  /// The same JSON for people to edit: what fits on a line of about 100 characters stays on one, the rest is indented by two spaces a level.
  package func indented(depth: Int = 0) -> String {
    let line = String(decoding: text, as: UTF8.self)
    guard line.utf8.count + 2 * depth > 100 else { return line }
    let (outer, inner) = (String(repeating: "  ", count: depth), String(repeating: "  ", count: depth + 1))
    func block(_ parts: [String], _ open: String, _ close: String) -> String {
      open + "\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n" + outer + close
    }
    switch self {
    case .object(let members):
      let parts = members.map { member in
        String(decoding: JSONValue.string(member.name).text, as: UTF8.self) + ": " + member.value.indented(depth: depth + 1)
      }
      return block(parts, "{", "}")
    case .array(let elements): return block(elements.map { $0.indented(depth: depth + 1) }, "[", "]")
    case .null, .bool, .integer, .number, .string, .numbers: return line
    }
  }
}
