/// Why a table in CSV was refused.
package struct CSVError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Sendable {
    /// Breaks RFC 4180, or is not UTF-8, or has another number of fields than the header.
    case malformed
    /// A field, record or row of columns above the limits.
    case tooLarge
    /// Well-formed text that is not what the column holds.
    case mismatch
  }

  package let reason: Reason
  /// From 1; where the field begins, for fields that span lines.
  package let line: Int
  /// From 1: the number of the field in its record.
  package let column: Int
  /// The column's name, once the header is known.
  package let field: String?
  package let given: String
  package let expected: String

  package init(_ reason: Reason, line: Int, column: Int, field: String? = nil, given: String, expected: String) {
    self.reason = reason
    self.line = line
    self.column = column
    self.field = field
    self.given = given
    self.expected = expected
  }

  /// One sentence for people.
  package var detail: String {
    "line \(line), column \(column)\(field.map { " (\($0))" } ?? ""): given \(given), expected \(expected)"
  }
  package var description: String { detail }
}
