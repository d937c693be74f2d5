package import Formats

/// What is wrong with something given: one error for settings, requests, networks and files.
package struct Fault: Error, Hashable, CustomStringConvertible {
  /// Where it stands: `hidden[1]`, `base.beta`; empty for the whole of it.
  package let field: String
  package let given: String
  package let expected: String

  package init(field: String, given: String, expected: String) {
    self.field = field
    self.given = given
    self.expected = expected
  }

  package var description: String { "\(field.isEmpty ? "the document" : field) is \(given), expected \(expected)" }

  /// The same fault as a whole tells it of which `outer` is a part: `beta` in `base` is `base.beta`.
  package func inside(_ outer: String) -> Fault {
    let isJoined = outer.isEmpty || field.isEmpty || field.hasPrefix("[")
    return Fault(field: isJoined ? outer + field : "\(outer).\(field)", given: given, expected: expected)
  }
}

extension Fault {
  /// What was wrong with a JSON document; its place in the text and its guesses are left behind.
  package init(_ error: JSONError) { self.init(field: error.field, given: error.given, expected: error.expected) }
}

extension JSONError {
  /// The fault of a value that was read from JSON.
  package init(_ fault: Fault) { self.init(.mismatch, field: fault.field, given: fault.given, expected: fault.expected) }
}
