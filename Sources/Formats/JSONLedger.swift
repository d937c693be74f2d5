/// Which fields the decoded types have asked for, by object.
final class JSONLedger {
  /// The names asked of one object, by all who opened it.
  final class Names {
    fileprivate(set) var known: Set<String> = []

    func ask(_ name: String) { known.insert(name) }

    /// A given name that nobody has asked for and that looks like `name`.
    func misspelling(of name: String, in members: [JSONValue.Member]) -> String? {
      EditDistance.closest(to: name, among: members.lazy.map(\.name).filter { !self.known.contains($0) })
    }
  }

  private var objects: [[JSONPath.Component]: Names] = [:]

  func open(_ path: [JSONPath.Component]) -> Names {
    if let names = objects[path] { return names }
    let names = Names()
    objects[path] = names
    return names
  }

  /// Throws for the first member of an opened object that nobody asked for; objects that nobody opened are kept as they are.
  func refuseUnknownFields(in value: JSONValue, at path: [JSONPath.Component] = []) throws(JSONError) {
    switch value {
    case .null, .bool, .integer, .number, .string, .numbers: return
    case .array(let values):
      for (index, value) in values.enumerated() where value.isContainer { try refuseUnknownFields(in: value, at: path + [.index(index)]) }
    case .object(let members):
      guard let known = objects[path]?.known else { return }
      for member in members {
        let inner = path + [.name(member.name)]
        guard known.contains(member.name) || member.value == .null else {
          throw .unknown(member.name, at: JSONPath.text(inner), known: known)
        }
        if member.value.isContainer { try refuseUnknownFields(in: member.value, at: inner) }
      }
    }
  }
}

extension JSONError {
  static func unknown(_ name: String, at field: String, known: Set<String>) -> JSONError {
    let names = known.isEmpty ? "no field at all" : "one of \(known.sorted().joined(separator: ", "))"
    let suggestion = EditDistance.closest(to: name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
    return JSONError(
      .unknownField, field: field, given: "\"\(name)\"", expected: names,
      detail: "\(field) is not a known field, expected \(names)\(suggestion)")
  }

  static func missing(_ field: String, misspelt: String?) -> JSONError {
    JSONError(
      .mismatch, field: field, given: "nothing", expected: "a value",
      detail: "\(field) is missing\(misspelt.map { "; is \"\($0)\" meant for it?" } ?? "")")
  }
}

extension JSONValue {
  var isContainer: Bool {
    switch self {
    case .array, .object: true
    case .null, .bool, .integer, .number, .string, .numbers: false
    }
  }
}
