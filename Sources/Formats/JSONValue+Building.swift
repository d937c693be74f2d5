extension JSONValue {
  /// An object with these members in this order; members without a value are left out.
  package static func record(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
  }

  package static func string(orNull value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

  package static func integer(orNull value: Int?) -> JSONValue { value.map(JSONValue.integer) ?? .null }

  package static func strings(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }

  /// Names and texts, by name.
  package static func strings(_ values: [String: String]) -> JSONValue {
    .object(values.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: .string($0.value)) })
  }

  /// One float32, written in its shortest form; null where it isn't finite.
  package static func float(_ value: Float) -> JSONValue { .numbers(NumberArray(shape: [], scalars: [value])) }

  /// An array of float32.
  package static func floats(_ scalars: [Float], shape: [Int]) -> JSONValue { .numbers(NumberArray(shape: shape, scalars: scalars)) }
}
