import Formats
import Foundation
import GRDB
package import Training

extension ModelStore {
  /// Adds records in one transaction, and takes the oldest away where there are more than `retention`.
  ///
  /// - Returns: how many were added; the rest the schema refused.
  package func append(_ records: [InferenceRecord], retention: Int) throws -> Int {
    try write { database in
      var engines: [Digest: Int64] = [:]
      var count = 0
      for record in records {
        let engine = try engines[record.digest] ?? Self.engine(of: record, in: database)
        engines[record.digest] = engine
        do {
          try Self.insert(record, engine: engine, into: database)
          count += 1
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
          // The statement alone is undone: one bad record does not take the batch with it.
          continue
        }
      }
      let excess = try (Int.fetchOne(database, sql: "SELECT records FROM inference_totals") ?? 0) - retention
      // A little more than came in, so that a lowered limit is reached step by step and no commit is long.
      let most = 2 * records.count + 100
      if excess > 0 {
        try database.execute(
          sql: "DELETE FROM inferences WHERE id IN (SELECT id FROM inferences ORDER BY id LIMIT ?)", arguments: [min(excess, most)])
      }
      return count
    }
  }

  private static func engine(of record: InferenceRecord, in database: Database) throws -> Int64 {
    let build = try record.build.text
    let digest = record.digest.description
    let known = try Int64.fetchOne(
      database, sql: "SELECT id FROM inference_engines WHERE digest = ? AND build = ?", arguments: [digest, build])
    if let known { return known }
    try database.execute(
      sql: "INSERT INTO inference_engines (digest, family, build) VALUES (?, ?, ?)", arguments: [digest, record.family, build])
    return database.lastInsertedRowID
  }

  private static func insert(_ record: InferenceRecord, engine: Int64, into database: Database) throws {
    let insertion = try database.cachedStatement(
      sql: """
        INSERT INTO inferences (id, engine, model, version, operation, http_status, latency_us, parameters, seed, items, input_digest, input_type,
          output_digest, output_type, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    // The arguments are as many as the statement has, which need not be counted again for every record.
    insertion.setUncheckedArguments([
      record.id.description, engine, record.model, record.version, record.operation, record.status, record.microseconds,
      record.options?.parameters, record.options?.seed, record.options?.items, record.input.map { Data($0.digest.bytes) }, record.input?.type,
      record.output.map { Data($0.digest.bytes) }, record.output?.type, record.failure,
    ])
    try insertion.execute()
    if let body = record.input?.body {
      try database.cachedStatement(sql: "INSERT INTO inference_inputs (inference, body) VALUES (?, ?)")
        .execute(arguments: [record.id.description, Data(body)])
    }
  }

  /// The body of a recorded request; nil where it was not kept.
  package func input(of inference: RunID) throws -> [UInt8]? {
    try read { database in
      try Data.fetchOne(database, sql: "SELECT body FROM inference_inputs WHERE inference = ?", arguments: [inference.description]).map(Array.init)
    }
  }
}

extension BuildInformation {
  /// JSON with its names in order, so that equal builds have equal texts.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
