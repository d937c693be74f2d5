/// Why a JSON text was refused, or does not describe the value that it should.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Sendable {
    /// Not JSON (RFC 8259), or a rule that is stricter here: duplicate names, ragged numbers.
    case malformed
    /// Longer, deeper or with more values than the limits allow.
    case tooLarge
    /// JSON of another type or range than the field has, or a required field that is missing.
    case mismatch
    /// A field that nothing reads.
    case unknownField
  }

  /// A place in the text: bytes from 0, lines and columns (in bytes) from 1.
  package struct Position: Equatable, Sendable {
    package let offset: Int
    package let line: Int
    package let column: Int

    package init(offset: Int, line: Int, column: Int) {
      self.offset = offset
      self.line = line
      self.column = column
    }
  }

  package let reason: Reason
  /// The path of the field at fault, like `inputs[3][2]` or `layers[0].size`; empty for the whole document.
  package let field: String
  package let given: String
  package let expected: String
  /// One sentence for people.
  package let detail: String
  /// Known for errors in the text; nil for errors in its meaning.
  package let position: Position?

  package init(_ reason: Reason, field: String, given: String, expected: String, detail: String? = nil, position: Position? = nil) {
    self.reason = reason
    self.field = field
    self.given = given
    self.expected = expected
    self.position = position
    let place = position.map { "line \($0.line), column \($0.column): " } ?? ""
    self.detail = detail ?? "\(place)\(field.isEmpty ? "the document" : field) is \(given), expected \(expected)"
  }

  package var description: String { detail }
}

/// The way to a value inside a document.
enum JSONPath {
  enum Component: Hashable {
    case name(String)
    case index(Int)
  }

  /// `layers[0].size`; names that would be ambiguous are quoted: `given["a.b"]`.
  static func text(_ path: some Sequence<Component>) -> String {
    var text = ""
    for component in path {
      switch component {
      case .index(let index): text += "[\(index)]"
      case .name(let name) where name.isEmpty || name.contains(where: { ".[]\" ".contains($0) || $0.isNewline }): text += "[\"\(name)\"]"
      case .name(let name): text += text.isEmpty ? name : ".\(name)"
      }
    }
    return text
  }
}
