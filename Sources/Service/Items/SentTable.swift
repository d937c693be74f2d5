package import Formats
package import Modelling

/// The rows of a table word for word as a client sent them, so that they can be given back.
package enum SentTable: Sendable, Equatable {
  case records(SentRecords)
  /// JSON objects by column name.
  case objects([JSONValue])
  case columns(SentColumns)

  func rows(_ range: Range<Int>) -> SentTable {
    switch self {
    case .records(let sent): .records(sent.rows(range))
    case .objects(let rows): .objects(Array(rows[range]))
    case .columns(let sent): .columns(SentColumns(fields: sent.fields, batch: sent.batch.rows(range), columns: sent.columns))
    }
  }
}

/// A CSV file, or a block of one.
package struct SentRecords: Sendable, Equatable {
  package let header: [String]
  /// What parts its fields.
  package let delimiter: UInt8
  package let head: CSVHead
  /// The row of units below the names.
  package let units: CSVRecord?
  package let records: [CSVRecord]
  /// The model's columns as the file writes them.
  package let columns: [TableSpace.Column]

  fileprivate func rows(_ range: Range<Int>) -> SentRecords {
    SentRecords(header: header, delimiter: delimiter, head: head, units: units, records: Array(records[range]), columns: columns)
  }
}

/// The columns of an Arrow stream, or a block of their rows.
package struct SentColumns: Sendable, Equatable {
  package let fields: [ArrowField]
  package let batch: ArrowBatch
  /// The model's columns as texts among them are written.
  package let columns: [TableSpace.Column]
}
