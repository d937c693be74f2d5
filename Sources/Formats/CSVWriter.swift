/// Writes a table (RFC 4180): CRLF after every record, quotes only around fields that need them.
package struct CSVWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private let delimiter: UInt8

  package init(delimiter: UInt8 = UInt8(ascii: ",")) { self.delimiter = delimiter }

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
    bytes.append(contentsOf: "\r\n".utf8)
  }

  /// The text of one field. Outer spaces are quoted too, for readers that would trim them.
  ///
  /// Works on bytes, since a quote and an accent after it are one `Character`.
  package func quoted(_ value: String) -> String {
    let quote = UInt8(ascii: "\"")
    let space = UInt8(ascii: " ")
    let special = [delimiter, quote, UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    guard value.utf8.contains(where: special.contains) || value.utf8.first == space || value.utf8.last == space else { return value }
    return String(decoding: [quote] + value.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote], as: UTF8.self)
  }
}
