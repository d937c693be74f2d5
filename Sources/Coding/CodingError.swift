/// Why symbols could not be coded, or why a stream was refused.
package struct CodingError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Sendable {
    /// The message holds fewer bits than are asked of it.
    case exhausted
    /// A parameter that describes no distribution.
    case parameter
    /// A symbol that is none of the alphabet, or one that the codec can't express.
    case symbol
    /// More lanes than the message has.
    case lanes
    /// Bytes that the system doesn't hand out.
    case unreadable
    /// Bytes that break the rules of a stream.
    case malformed
    /// Bytes that are not those that were written, by their checksum.
    case damaged
    /// A version that is not read here.
    case unsupported
    /// A stream of another model.
    case otherModel
    /// Numbers beyond what the reader allows.
    case tooLarge
    /// Items that are not those that were coded, though every byte of the stream is: the model computes other numbers here.
    case otherItems
  }

  package let reason: Reason
  /// What was wrong: a parameter, a place in a list, a part of the stream.
  package let field: String
  package let given: String
  package let expected: String

  package init(_ reason: Reason, _ field: String, given: String, expected: String) {
    self.reason = reason
    self.field = field
    self.given = given
    self.expected = expected
  }

  package var description: String { "\(field): given \(given), expected \(expected)" }
}
