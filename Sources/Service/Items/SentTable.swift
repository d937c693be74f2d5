package import Formats

/// The rows of a table word for word as a client sent them, so that they can be given back.
package enum SentTable: Sendable, Equatable {
  /// A CSV file: its header and its records.
  case records(header: [String], [CSVRecord])
  /// JSON objects by column name.
  case objects([JSONValue])
}
