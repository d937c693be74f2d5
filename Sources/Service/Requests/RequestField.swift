package import Formats

/// One option of an operation, as a JSON field, a query parameter and a flag of the command line.
package struct RequestField: Sendable, Equatable {
  /// `names` is an array of texts; as a query parameter or flag they are parted by commas, or a JSON array where a name has a comma.
  package enum Kind: String, Sendable, CaseIterable { case integer, number, boolean, object, string, names }

  package let name: String
  package let kind: Kind
  /// The value that an absent field stands for, as JSON; nil where the server chooses.
  package let `default`: String?
  package let summary: String
  /// `default`, read once.
  let defaultValue: JSONValue?

  package init(_ name: String, _ kind: Kind, default: String? = nil, _ summary: String) {
    self.name = name
    self.kind = kind
    self.default = `default`
    self.summary = summary
    defaultValue = `default`.map { text in
      do { return try JSONValue(parsing: Array(text.utf8)) } catch { preconditionFailure("the default of \(name): \(error)") }
    }
  }

  static let seed = RequestField("seed", .integer, "Chooses the random numbers, 0 ... 2^63 - 1; drawn by the server where absent.")

  /// What every operation takes beside its own options.
  static let record = RequestField(
    "record", .boolean, default: "false", "Keeps the input with the record of this request, so that it can be replayed without sending it again.")

  /// The value of a query parameter or flag; text that is none of the kind stays text, which decoding refuses by name.
  package func value(of text: String) -> JSONValue {
    switch kind {
    case .integer: return Int(text).map(JSONValue.integer) ?? .string(text)
    case .number: return DecimalText.double(text).map(JSONValue.number) ?? .string(text)
    case .boolean: return ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
    case .string: return .string(text)
    case .names where !text.hasPrefix("["): return .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) })
    case .object, .names:
      guard let value = try? JSONValue(parsing: Array(text.utf8)) else { return .string(text) }
      return value
    }
  }
}
