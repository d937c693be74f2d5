package import Formats

/// The rows of a table word for word as a client sent them, so that they can be given back.
package enum SentTable: Sendable, Equatable {
  /// A CSV file: its header, what parts its fields, and its records.
  case records(header: [String], delimiter: UInt8, [CSVRecord])
  /// JSON objects by column name.
  case objects([JSONValue])
}
