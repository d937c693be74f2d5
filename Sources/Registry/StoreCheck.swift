import Formats
import Foundation
import GRDB

/// What was found in a store, or in a backup of one, by reading all of it.
package struct StoreCheck: Sendable {
  package struct Finding: Hashable, Sendable {
    package enum Severity: String, Sendable {
      /// Something that was acknowledged is lost or wrong, or a secret lies open.
      case damage
      /// Nothing is wrong, but `store gc` has something to take.
      case leftover
    }

    package let severity: Severity
    /// The file or the row.
    package let subject: String
    package let detail: String
  }

  package private(set) var versions = 0
  package private(set) var blobs = 0
  /// Bytes of the model files that were read.
  package private(set) var byteCount = 0
  package private(set) var findings: [Finding] = []

  package var isSound: Bool { !findings.contains { $0.severity == .damage } }

  /// Reads the database and every model file; changes nothing, and may run beside servers.
  ///
  /// - Throws: `StoreError` where it can't even begin: no database, a newer build's, an unfinished restore.
  package init(directory: String) throws {
    let root = Folder(existing: directory.absolutePath)
    guard access(root.path(of: StoreBackup.unfinishedRestore), F_OK) != 0 else { throw StoreError.unfinishedRestore(path: root.path) }
    let path = root.path(of: "posterior.sqlite")
    let folder = BlobFolder(in: root)
    // Nothing that the rows below name is collected before it has been read.
    let lock = try folder.lockForReading()
    defer { lock?.unlock() }

    do {
      let database = try ReadOnlyDatabase.open(in: root.path)
      try Migrations.refuseNewer(database, path: path)
      try database.read { try checkDatabase($0, path: path) }
      try checkFiles(folder, database)
    } catch StoreError.corrupt(let path, let reason) {
      add(.damage, path, reason)
    } catch let error as DatabaseError {
      // A table that is not there.
      add(.damage, path, error.message ?? "\(error)")
    }
    try checkSecrets(root)
    try checkLeftovers(root)
  }

  private mutating func add(_ severity: Finding.Severity, _ subject: String, _ detail: String) {
    findings.append(Finding(severity: severity, subject: subject, detail: detail))
  }

  // MARK: - The database

  private mutating func checkDatabase(_ database: Database, path: String) throws {
    for problem in try String.fetchAll(database, sql: "PRAGMA integrity_check") where problem != "ok" { add(.damage, path, problem) }
    for row in try Row.fetchAll(database, sql: "PRAGMA foreign_key_check") {
      let (table, parent): (String, String) = (row["table"], row["parent"])
      add(.damage, path, "a row of \(table) refers to a row of \(parent) that is not there")
    }
    try checkDocuments(database, path: path)
  }

  private mutating func checkDocuments(_ database: Database, path: String) throws {
    // A store of an earlier build has none.
    guard try database.tableExists("run_documents") else { return }
    let rows = try Row.fetchCursor(database, sql: "SELECT run, name, digest, body FROM run_documents")
    while let row = try rows.next() {
      let (run, name, body): (String, String, Data) = (row["run"], row["name"], row["body"])
      guard try SHA256.digest([UInt8](body)) != row.digest("digest") else { continue }
      add(.damage, path, "the bytes of document \(name) of run \(run) are no longer those that were attached")
    }
  }

  // MARK: - The model files

  private struct Registered {
    var byteCount: Int
    /// What needs it: versions, files of data sets and of runs.
    var needs: [String]
    var versions: Int
  }

  private static func registered(_ database: DatabaseQueue) throws -> [Digest: Registered] {
    var registered: [Digest: Registered] = [:]
    let rows = try database.read { database in
      let needs = try StoreBackup.needs(database)
      let sql = "SELECT blobs.digest, byte_count, id, is_version FROM blobs LEFT JOIN (\(needs)) AS needs ON needs.digest = blobs.digest ORDER BY id"
      return try Row.fetchAll(database, sql: sql)
    }
    for row in rows {
      var entry = registered[try row.parse("digest")] ?? Registered(byteCount: row["byte_count"], needs: [], versions: 0)
      if let need: String = row["id"] { entry.needs.append(need) }
      entry.versions += row["is_version"] ?? 0
      registered[try row.parse("digest")] = entry
    }
    return registered
  }

  private mutating func checkFiles(_ folder: BlobFolder, _ database: DatabaseQueue) throws {
    let registered = try Self.registered(database)
    var (files, strangers) = try folder.content()
    for (digest, blob) in registered.sorted(by: { $0.key.hex < $1.key.hex }) where !blob.needs.isEmpty {
      versions += blob.versions
      try check(digest, blob, folder)
    }
    files.subtract(registered.filter { !$0.value.needs.isEmpty }.keys)
    if !files.isEmpty {
      // What was published while the files were read is no orphan.
      files.subtract(try Self.registered(database).filter { !$0.value.needs.isEmpty }.keys)
    }
    for digest in files.sorted(by: { $0.hex < $1.hex }) { add(.leftover, folder.path(of: digest), "nothing needs this file") }
    for path in strangers { add(.leftover, path, "this is no model file of the store; nothing here removes it") }
  }

  private mutating func check(_ digest: Digest, _ blob: Registered, _ folder: BlobFolder) throws {
    let path = folder.path(of: digest)
    let names = blob.needs.joined(separator: ", ")
    guard let file = try folder.lockForReading(digest) else { return add(.damage, path, "the file of \(names) is missing") }
    defer { file.unlock() }
    let status = try file.status()
    guard status.st_size == blob.byteCount else {
      return add(.damage, path, "the file of \(names) has \(status.st_size) bytes, expected \(blob.byteCount)")
    }
    if status.st_mode & 0o222 != 0 {
      add(.damage, path, "the file of \(names) can be written (mode \(String(status.st_mode & 0o777, radix: 8))), expected 444")
    }
    var hasher = SHA256()
    while case let piece = try file.read(upTo: 1 << 20), !piece.isEmpty { hasher.update(piece) }
    let found = hasher.finalize()
    guard found == digest else { return add(.damage, path, "the bytes of \(names) are no longer those that were published: they are \(found)") }
    blobs += 1
    byteCount += blob.byteCount
  }

  // MARK: - Beside them

  private mutating func checkSecrets(_ root: Folder) throws {
    for name in ["admin.key", "posterior.sqlite"] {
      let path = root.path(of: name)
      guard access(path, F_OK) == 0 else { continue }
      let mode = try OpenFile(path, O_RDONLY | O_NONBLOCK).status().st_mode & 0o777
      let forbidden: mode_t = name == "admin.key" ? 0o077 : 0o022
      if mode & forbidden != 0 {
        add(.damage, path, "others can \(name == "admin.key" ? "read" : "write") it (mode \(String(mode, radix: 8)))")
      }
    }
  }

  private mutating func checkLeftovers(_ root: Folder) throws {
    let (uploads, sessions) = (Folder(existing: root.path(of: "uploads")), Folder(existing: root.path(of: "sessions")))
    guard sessions.exists else { return }
    let lock = try root.lock()
    defer { lock.unlock() }
    let (living, dead) = try Session.census(in: sessions)
    for token in dead { add(.leftover, sessions.path(of: token), "the process of this session has ended") }
    guard uploads.exists else { return }
    for name in try uploads.names() where !living.contains(Session.owner(ofUpload: name)) {
      add(.leftover, uploads.path(of: name), "the process of this upload has ended")
    }
  }
}
