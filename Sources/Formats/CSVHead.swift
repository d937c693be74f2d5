/// What stood before the records of a table, so that it can be written back as it came.
package struct CSVHead: Sendable, Equatable {
  /// Whether the table began with a byte order mark.
  package var hasMark = false
  /// A first line `sep=;` with its end; empty where there is none.
  package var separatorLine: [UInt8] = []
  /// What ends lines.
  package var lineEnd = "\r\n"
  /// The names as they stood, between delimiters.
  package var names: [String] = []
  package var hasNames = true
  /// The places of columns without a name.
  package var nameless: Set<Int> = []
  /// The field that records have beyond the names.
  package var surplus = Surplus.none

  package enum Surplus: Sendable { case none, rowNames, delimiter }

  package init() {}

  /// A record without the empty field after its last delimiter.
  func trimmed(_ record: CSVRecord) -> CSVRecord {
    guard surplus == .delimiter, record.fields.last?.raw.isEmpty == true else { return record }
    return CSVRecord(line: record.line, fields: record.fields.dropLast())
  }
}
