internal import HTTP
internal import Registry

extension Request {
  /// Refuses query parameters that the endpoint doesn't know, and known ones that come twice.
  func checkQuery(_ known: String...) throws {
    var seen: Set<String> = []
    for item in query.items {
      guard known.contains(item.name) else {
        let expected = known.isEmpty ? "none" : known.joined(separator: ", ")
        throw Problem(
          .malformed, "\"\(item.name)\" is no query parameter of this path, which has \(expected).", field: item.name, given: item.name,
          expected: expected)
      }
      guard seen.insert(item.name).inserted else {
        throw Problem(.malformed, "The query has \(item.name) twice.", field: item.name, given: "two values", expected: "one")
      }
    }
  }

  /// A segment that the route's pattern names.
  func parameter(_ name: String) -> String {
    guard let value = parameters[name] else { preconditionFailure("the route has no {\(name)}") }
    return value
  }

  /// A query parameter with a closed set of values.
  func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _: Value.Type) throws -> Value? where Value.RawValue == String {
    guard let text = query[name] else { return nil }
    guard let value = Value(rawValue: text) else {
      let expected = "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(.malformed, "\(name) is \"\(text)\", expected \(expected).", field: name, given: text, expected: expected)
    }
    return value
  }

  /// A query parameter that is a time.
  func time(_ name: String) throws -> Timestamp? {
    guard let text = query[name] else { return nil }
    guard let time = Timestamp(text) else {
      let expected = "an RFC 3339 time such as 2026-01-31T12:00:00Z"
      throw Problem(.malformed, "\(name) is \"\(text)\", expected \(expected).", field: name, given: text, expected: expected)
    }
    return time
  }

  /// A query parameter that is a whole number.
  func integer(_ name: String) throws -> Int? {
    guard let text = query[name] else { return nil }
    guard let value = Int(text) else {
      throw Problem(.malformed, "\(name) is \"\(text)\", expected a whole number.", field: name, given: text, expected: "a whole number")
    }
    return value
  }
}
