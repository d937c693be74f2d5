package import Formats
internal import Foundation
package import Modelling

/// How a CSV file is to be read: what `posterior data describe` prints, and what stands under `data` of a recipe.
package struct TableSchema: Codable, Sendable, Equatable {
  package var columns: [TableSpace.Column]
  package var missing: [String]?
  package var delimiter: DataSource.Delimiter?
  package var reading: TableOptions?

  package init(
    columns: [TableSpace.Column], missing: [String]? = nil, delimiter: DataSource.Delimiter? = nil, reading: TableOptions? = nil
  ) {
    self.columns = columns
    self.missing = missing
    self.delimiter = delimiter
    self.reading = reading
  }

  /// Reads a schema as JSON; unknown fields are errors.
  package init(parsing bytes: [UInt8]) throws(JSONError) { self = try StrictJSON.decode(TableSchema.self, from: bytes) }

  package var json: JSONValue {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return try JSONValue(parsing: Array(encoder.encode(self)))
    }
  }
}

extension DataSource {
  /// The same source, read as a schema says.
  package func reading(_ schema: TableSchema) -> DataSource {
    var source = self
    (source.columns, source.missing, source.delimiter) = (schema.columns, schema.missing, schema.delimiter)
    source.reading = schema.reading ?? source.reading
    return source
  }

  /// The same source, a table being read as this build reads tables.
  package var readAnew: DataSource {
    var source = self
    let isTable = format == .csv || (format == nil && Self.isTable(self.source))
    if isTable, NamedDataSet.named(self.source) == nil, reading == nil { source.reading = TableOptions() }
    return source
  }
}
