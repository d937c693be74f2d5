/// The members of an object, for readers that know every name that may stand there and look for each at most once.
package struct JSONFields {
  private let members: [JSONValue.Member]
  private let path: [any CodingKey]

  /// The object that a decoder of `StrictJSON` stands at. Whoever reads it so has to refuse unknown names itself.
  package init(of decoder: any Decoder) throws {
    guard let decoder = decoder as? JSONValueDecoder else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "settings are read by StrictJSON only"))
    }
    guard case .object(let members) = decoder.value else { throw decoder.mismatch("an object") }
    (self.members, path) = (members, decoder.path)
  }

  /// The value of this name; nil where it is absent.
  package subscript(name: String) -> JSONValue? {
    for member in members where member.name == name { return member.value }
    return nil
  }

  package func decode<Value: Decodable>(_ type: Value.Type, _ name: String, amongAll names: [String]) throws(JSONError) -> Value {
    guard let value = self[name] else {
      let strangers = members.map(\.name).filter { !names.contains($0) }
      throw .missing(field(name), misspelt: EditDistance.closest(to: name, among: strangers))
    }
    return try StrictJSON.decode(type, from: value, at: path + [JSONKey(stringValue: name)])
  }

  /// - Returns: nil where it is absent or null.
  package func decodeIfPresent<Value: Decodable>(_ type: Value.Type, _ name: String) throws(JSONError) -> Value? {
    switch self[name] {
    case nil, .null: nil
    case let value?: try StrictJSON.decode(type, from: value, at: path + [JSONKey(stringValue: name)])
    }
  }

  /// Throws for the first member of a name that isn't among these; where its value is null it may be there in any case.
  package func refuseUnknown(_ names: [String]) throws(JSONError) {
    for member in members where !names.contains(member.name) && member.value != .null {
      throw .unknown(member.name, at: field(member.name), known: Set(names))
    }
  }

  private func field(_ name: String) -> String { JSONPath.text(path.map(JSONPath.Component.init) + [.name(name)]) }
}
