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
  package func quoted(_ value: String) -> String {
    let needsQuotes = value.utf8.contains { [delimiter, UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains($0) }
    guard needsQuotes || value.first == " " || value.last == " " else { return value }
    return "\"\(value.replacing("\"", with: "\"\""))\""
  }
}
