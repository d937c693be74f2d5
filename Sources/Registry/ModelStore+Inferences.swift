import Formats
import Foundation
import GRDB
package import ModelFiles

extension ModelStore {
  /// Adds records in one transaction, and takes the oldest away where there are more than `retention`.
  ///
  /// The transaction is kept when this process is killed. A power cut may undo the last ones of this kind, and none of another: whatever is
  /// committed later by any other verb takes these to the disk with it.
  ///
  /// - Returns: how many were added; the rest the schema refused.
  package func append(_ records: [InferenceRecord], retention: Int) throws -> Int {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    return try StoreError.translating(databasePath) {
      try database.writeWithoutTransaction { database in
        // Nobody was told that these are on disk, so that waiting for it with every batch buys nothing.
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        let result = Result { try Self.append(records, retention: retention, to: database) }
        try database.execute(sql: "PRAGMA synchronous = FULL")
        return try result.get()
      }
    }
  }

  private static func append(_ records: [InferenceRecord], retention: Int, to database: Database) throws -> Int {
    var count = 0
    try database.inTransaction {
      var insertion = try InferenceInsertion(database)
      var engines: [Digest: Int64] = [:]
      var latest: (digest: Digest?, engine: Int64) = (nil, 0)
      for record in records {
        if record.digest != latest.digest {
          let engine = try engines[record.digest] ?? Self.engine(of: record, in: database)
          engines[record.digest] = engine
          latest = (record.digest, engine)
        }
        do {
          try insertion.execute(record, engine: latest.engine)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
          // The statement alone is undone: one bad record does not take the batch with it.
          continue
        }
        count += 1
        guard let body = record.input?.body else { continue }
        try database.cachedStatement(sql: "INSERT INTO inference_inputs (inference, body) VALUES (?, ?)")
          .execute(arguments: [record.id.description, Data(body)])
      }
      try removeOldest(after: records.count, retention: retention, from: database)
      return .commit
    }
    return count
  }

  private static func removeOldest(after added: Int, retention: Int, from database: Database) throws {
    let excess = try (Int.fetchOne(database, sql: "SELECT records FROM inference_totals") ?? 0) - retention
    guard excess > 0 else { return }
    // A little more than came in, so that a lowered limit is reached step by step and no commit is long.
    let count = min(excess, 2 * added + 100)
    // One walk along the table, whose oldest rows are its first.
    try database.execute(
      sql: "DELETE FROM inferences WHERE id <= (SELECT id FROM inferences ORDER BY id LIMIT 1 OFFSET ?)", arguments: [count - 1])
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
