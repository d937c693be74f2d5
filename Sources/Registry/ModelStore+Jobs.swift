import Formats
import Foundation
import GRDB
import Logging
package import ModelFiles

extension ModelStore {
  /// Starts a run that is done in the background, in one transaction with what it was told.
  package func start(_ description: RunDescription, specification: String, owner: String) throws -> RunID {
    let id = try start(description)
    do {
      try write { database in
        try database.execute(
          sql: "INSERT INTO jobs (run, specification, owner) VALUES (?, ?, ?)", arguments: [id.description, specification, owner])
      }
    } catch {
      // Without its words it would wait for ever.
      try? finish(id, .failed("\(error)"))
      throw error
    }
    return id
  }

  /// nil for a run of another kind.
  package func job(of run: RunID) throws -> Job? {
    try read { database in
      try Row.fetchOne(database, sql: "SELECT specification, owner FROM jobs WHERE run = ?", arguments: [run.description]).map { row in
        Job(run: run, specification: row["specification"], owner: row["owner"])
      }
    }
  }

  /// The folder in which a run works.
  package func workFolder(of run: RunID) -> String { root.path(of: "jobs/\(run)") }

  /// Takes away what a run that has ended left in its folder.
  package func removeWorkFolder(of run: RunID) {
    let path = workFolder(of: run)
    guard access(path, F_OK) == 0 else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      logger.warning("the folder of a run stays behind", metadata: ["run": "\(run)", "error": "\(error)"])
    }
  }

  // MARK: - Files that runs made

  /// Keeps a file as one that the run made; the upload is used up, also when this throws.
  ///
  /// - Throws: `StoreError.runNotRunning`, `.invalidDocument`, `.diskFull`.
  package func attach(_ staged: StagedUpload, as name: String, mediaType: String, to run: RunID, expiresAt: Timestamp?) throws {
    defer { staged.abort() }
    try Self.checkDocument(name, mediaType, byteCount: 0)
    let (digest, byteCount) = try staged.seal()
    let now = Timestamp.now.description
    var isMoved = false
    do {
      try write { database in
        try Self.requireRunning(database, run)
        try blobs.adopt(staged.path, as: digest)
        isMoved = true
        staged.release()
        try database.execute(
          sql: "INSERT INTO blobs (digest, byte_count, created_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
          arguments: [digest.description, byteCount, now])
        // A run that goes on after its process ended may make its file again.
        try database.execute(
          sql: "INSERT OR REPLACE INTO run_files (run, name, media_type, digest, time, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [run.description, name, mediaType, digest.description, now, expiresAt?.description])
      }
    } catch {
      if isMoved { removeUnneededBlob(digest) }
      throw error
    }
  }

  /// By name, without those whose time is over.
  package func files(of run: RunID) throws -> [RunFile] {
    try read { database in
      let sql = """
        SELECT name, media_type, run_files.digest AS digest, byte_count, time, expires_at FROM run_files JOIN blobs ON blobs.digest = run_files.digest
        WHERE run = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY name
        """
      return try Row.fetchAll(database, sql: sql, arguments: [run.description, Timestamp.now.description]).map { row in
        RunFile(
          name: row["name"], mediaType: row["media_type"], digest: try row.parse("digest"), byteCount: row["byte_count"], time: try row.parse("time"),
          expiresAt: (row["expires_at"] as String?).flatMap { Timestamp($0) })
      }
    }
  }

  /// Calls `body` with the path of a file that a run made, which stays where it is until then.
  package func reading<Value>(_ file: RunFile, _ body: (_ path: String) throws -> Value) throws -> Value {
    guard let lock = try blobs.lockForReading(file.digest) else {
      throw StoreError.missingBlob(path: blobs.path(of: file.digest), version: file.name)
    }
    defer { lock.unlock() }
    return try body(blobs.path(of: file.digest))
  }

  /// Deletes the files of a run, with their bytes.
  ///
  /// - Returns: how many there were.
  package func deleteFiles(of run: RunID, actor: Principal) throws -> Int {
    let digests = try write { database in
      let digests = try String.fetchAll(database, sql: "SELECT digest FROM run_files WHERE run = ?", arguments: [run.description])
      guard !digests.isEmpty else { return digests }
      try database.execute(sql: "DELETE FROM run_files WHERE run = ?", arguments: [run.description])
      try Self.note(database, .deleteFiles, run.description, by: actor, ["files": .integer(digests.count)])
      return digests
    }
    for digest in digests.compactMap(Digest.init) { removeUnneededBlob(digest) }
    return digests.count
  }

  /// Deletes the files of all runs whose time is over.
  package func deleteExpiredFiles() throws {
    let now = Timestamp.now.description
    let isAny = try read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM run_files WHERE expires_at <= ?)", arguments: [now]) ?? false }
    guard isAny else { return }
    let digests = try write { database in
      let digests = try String.fetchAll(database, sql: "SELECT digest FROM run_files WHERE expires_at <= ?", arguments: [now])
      try database.execute(sql: "DELETE FROM run_files WHERE expires_at <= ?", arguments: [now])
      return digests
    }
    for digest in digests.compactMap(Digest.init) { removeUnneededBlob(digest) }
  }
}
