internal import Formats
internal import HTTP
internal import Registry

extension Request {
  /// Refuses query parameters that the endpoint doesn't know, and known ones that come twice.
  func checkQuery(_ known: String...) throws { try checkQuery(known, repeatable: []) }

  /// - Parameter repeatable: those of the known ones that may come more than once.
  func checkQuery(_ known: [String], repeatable: Set<String>) throws {
    var seen: Set<String> = []
    for item in query.items {
      guard known.contains(item.name) else {
        let expected = known.isEmpty ? "none" : known.joined(separator: ", ")
        throw Problem(
          .malformed, "\"\(item.name)\" is no query parameter of this path, which has \(expected).", field: item.name, given: item.name,
          expected: expected)
      }
      guard seen.insert(item.name).inserted || repeatable.contains(item.name) else {
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

  /// When the client stops waiting: `Posterior-Timeout`, seconds from the request's arrival as a decimal number; nil where it waits for ever.
  func deadline() throws -> ContinuousClock.Instant? {
    guard let text = headers["Posterior-Timeout"] else { return nil }
    guard let seconds = DecimalText.double(text.trimmed), seconds > 0, seconds <= 86_400 else {
      let expected = "seconds as a decimal number, above 0 and at most 86400"
      throw Problem(
        .malformed, "Posterior-Timeout is \"\(text.prefix(40))\", expected \(expected).", field: "Posterior-Timeout", given: text, expected: expected)
    }
    return .now + .seconds(seconds)
  }

  /// Whether anybody waits for the answer: an urgency of 5 to 7 in `Priority` (RFC 9218 section 4.1) is for work in the background.
  var urgency: Urgency {
    let members = (headers["Priority"] ?? "").split(separator: ",").map(\.trimmed)
    // An invalid value is ignored, as the RFC says.
    guard let value = members.last(where: { $0.hasPrefix("u=") })?.dropFirst(2), let urgency = Int(value), (0...7).contains(urgency) else {
      return .interactive
    }
    return urgency >= 5 ? .background : .interactive
  }
}
