extension JSONValue {
  /// The same value with the names of every object in the order of their bytes, so that equal values have equal texts.
  package var sorted: JSONValue {
    switch self {
    case .null, .bool, .integer, .number, .string, .numbers: self
    case .array(let values): .array(values.map(\.sorted))
    case .object(let members):
      .object(
        members.map { Member(name: $0.name, value: $0.value.sorted) }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    }
  }
}
