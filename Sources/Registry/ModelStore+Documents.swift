import Formats
import Foundation
import GRDB
package import ModelFiles

extension ModelStore {
  /// - Throws: `StoreError.unknownRun`, `.runNotRunning`, `.invalidDocument`, `.documentWritten` where the run has one of that name.
  package func attach(_ name: String, mediaType: String, bytes: [UInt8], to run: RunID) throws {
    try Self.checkDocument(name, mediaType, byteCount: bytes.count)
    // Hashed before the transaction, which others wait for.
    let digest = Data(SHA256.digest(bytes).bytes)
    try write { database in
      try Self.requireRunning(database, run)
      let isWritten = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM run_documents WHERE run = ? AND name = ?)", arguments: [run.description, name])
      if isWritten == true { throw StoreError.documentWritten(run: run, name: name) }
      try database.execute(
        sql: "INSERT INTO run_documents (run, name, media_type, digest, time, body) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [run.description, name, mediaType, digest, Timestamp.now.description, Data(bytes)])
    }
  }

  /// The documents of a run by name, without their bytes.
  ///
  /// - Throws: `StoreError.unknownRun`.
  package func documents(of run: RunID) throws -> [RunDocument] {
    try read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT \(RunDocument.columns) FROM run_documents WHERE run = ? ORDER BY name", arguments: [run.description])
      if rows.isEmpty { try Self.requireExistence(database, run) }
      return try rows.map(RunDocument.init)
    }
  }

  /// - Throws: `StoreError.unknownRun`, `.unknownDocument`, `.corrupt` where the bytes are not those that were attached.
  package func document(_ name: String, of run: RunID) throws -> (document: RunDocument, bytes: [UInt8]) {
    let row = try read { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT \(RunDocument.columns), body FROM run_documents WHERE run = ? AND name = ?", arguments: [run.description, name])
      if let row { return row }
      try Self.requireExistence(database, run)
      let existing = try String.fetchAll(database, sql: "SELECT name FROM run_documents WHERE run = ? ORDER BY name", arguments: [run.description])
      throw StoreError.unknownDocument(run: run, name: name, existing: existing)
    }
    let document = try RunDocument(row)
    let bytes = [UInt8](row["body"] as Data)
    guard SHA256.digest(bytes) == document.digest else {
      throw StoreError.corrupt(path: databasePath, reason: "document \(name) of run \(run) is no longer \(document.digest)")
    }
    return (document, bytes)
  }

  static func checkDocument(_ name: String, _ mediaType: String, byteCount: Int) throws(StoreError) {
    let (letters, digits) = (UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"))
    func isPlain(_ byte: UInt8) -> Bool { letters.contains(byte) || digits.contains(byte) }
    guard (1...100).contains(name.utf8.count), name.utf8.first.map(isPlain) == true, name.utf8.allSatisfy({ isPlain($0) || "._-".utf8.contains($0) })
    else {
      throw .invalidDocument(
        field: "name", given: name, expected: "1 to 100 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit")
    }
    let parts = mediaType.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard (3...100).contains(mediaType.utf8.count), parts.count == 2, parts.allSatisfy({ $0.utf8.first.map(letters.contains) == true }),
      mediaType.utf8.allSatisfy({ isPlain($0) || "/.+;= -".utf8.contains($0) })
    else { throw .invalidDocument(field: "media type", given: mediaType, expected: "one in small letters, such as image/png") }
    guard byteCount <= RunDocument.maximumByteCount else {
      throw .invalidDocument(field: "byte count", given: "\(byteCount)", expected: "at most \(RunDocument.maximumByteCount)")
    }
  }
}

extension RunDocument {
  /// SQLite knows a blob's length without reading it.
  fileprivate static let columns = "name, media_type, digest, time, length(body) AS byte_count"

  fileprivate init(_ row: Row) throws {
    let digest: Digest = try row.digest("digest")
    self.init(name: row["name"], mediaType: row["media_type"], byteCount: row["byte_count"], digest: digest, time: try row.parse("time"))
  }
}
