/// Why bytes in one of the binary formats were refused.
package struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Format: String, Sendable {
    case arrow = "Arrow"
    case gzip = "gzip"
    case idx = "IDX"
    case npy = "NPY"
    case png = "PNG"
    case text = "table"
  }

  package enum Reason: Sendable {
    /// The bytes break the format's rules.
    case malformed
    /// The bytes keep the rules, but use a part of the format that is not read here.
    case unsupported
    /// The content is larger than the caller allows.
    case tooLarge
  }

  package let format: Format
  package let reason: Reason
  package let given: String
  package let expected: String

  package init(_ format: Format, _ reason: Reason, given: String, expected: String) {
    self.format = format
    self.reason = reason
    self.given = given
    self.expected = expected
  }

  /// One sentence for people: what was given and what was expected.
  package var detail: String { "\(format.rawValue): given \(given), expected \(expected)" }
  package var description: String { detail }
}
