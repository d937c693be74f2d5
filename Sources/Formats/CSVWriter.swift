/// Writes a table (RFC 4180): CRLF after every record unless said otherwise, quotes only around fields that need them.
package struct CSVWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private let delimiter: UInt8
  private let lineEnd: String

  package init(delimiter: UInt8 = UInt8(ascii: ","), lineEnd: String = "\r\n") { (self.delimiter, self.lineEnd) = (delimiter, lineEnd) }

  package mutating func append(_ record: [String]) {
    append(raw: record.map { quoted($0) })
  }

  /// Appends fields as they stand: `CSVField.raw`, which brings its own quotes.
  package mutating func append(raw record: [String]) {
    precondition(!record.isEmpty, "a record has at least one field")
    for (index, field) in record.enumerated() {
      if index > 0 { bytes.append(delimiter) }
      bytes.append(contentsOf: field.utf8)
    }
    bytes.append(contentsOf: lineEnd.utf8)
  }

  /// The text of one field. Outer spaces are quoted too, for readers that would trim them, unless they are there for the look of it.
  ///
  /// Works on bytes, since a quote and an accent after it are one `Character`.
  package func quoted(_ value: String) -> String { quoted(value, isPadded: false) }

  package func quoted(_ value: String, isPadded: Bool) -> String {
    let quote = UInt8(ascii: "\"")
    let space = UInt8(ascii: " ")
    let special = [delimiter, quote, UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    let hasSpaces = !isPadded && (value.utf8.first == space || value.utf8.last == space)
    guard value.utf8.contains(where: special.contains) || hasSpaces else { return value }
    return String(decoding: [quote] + value.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote], as: UTF8.self)
  }
}
