package import Formats
import Foundation
import GRDB

/// A folder with one consistent state of a store: `posterior.sqlite`, the model files that it names, and `backup.json`, written last.
///
/// The admin key is not part of it: a restored store makes its own.
package struct StoreBackup: Codable, Equatable, Sendable {
  package let format: Int
  package let createdAt: Timestamp
  /// Of `posterior.sqlite`; the database names the digests of all else.
  package let databaseDigest: Digest
  package let versions: Int
  package let blobs: Int
  /// Bytes of the model files.
  package let byteCount: Int

  private static let format = 1
  private static let manifest = "backup.json"
  private static let database = "posterior.sqlite"
  /// Lies in a folder for as long as a restore into it goes on.
  static let unfinishedRestore = "restore.unfinished"

  private enum CodingKeys: String, CodingKey {
    case format
    case createdAt = "created_at"
    case databaseDigest = "database_digest"
    case versions, blobs
    case byteCount = "bytes"
  }

  // MARK: - Making

  /// Writes one state of the store into a new or empty folder, while servers go on reading and writing.
  ///
  /// Every model file is hashed on its way, so that a backup that was made is a backup that can be restored. All of it is on disk on return.
  ///
  /// - Throws: `StoreError.notEmpty`, `.missingBlob`, `.corruptBlob`, `.diskFull`, `.newerStore`; the folder is then as empty as it was.
  package static func make(of directory: String, in target: String) throws -> StoreBackup {
    let source = Folder(existing: directory.absolutePath)
    let target = try emptyFolder(target)
    do {
      return try make(of: source, in: target)
    } catch {
      target.removeContent()
      throw error
    }
  }

  private static func make(of source: Folder, in target: Folder) throws -> StoreBackup {
    let blobs = BlobFolder(in: source)
    // From before the state is taken until its files are copied nobody collects one of them.
    let lock = try blobs.lockForReading()
    defer { lock?.unlock() }
    let path = target.path(of: database)
    try target.makePrivate(database)
    let original = try ReadOnlyDatabase.open(in: source.path)
    try StoreError.translating(source.path(of: database)) {
      try Migrations.refuseNewer(original, path: source.path(of: database))
      // One read transaction of SQLite, however long it takes; writers go on meanwhile.
      try original.vacuum(into: path)
    }
    try OpenFile(path, O_RDONLY).synchronize()

    let copy = try ReadOnlyDatabase.open(in: target.path)
    let rows = try copy.read { database in
      try Row.fetchAll(database, sql: "SELECT digest, min(id) AS id FROM (\(try needs(database))) GROUP BY digest")
    }
    var byteCount = 0
    for row in rows {
      let digest: Digest = try row.parse("digest")
      guard let file = try blobs.lockForReading(digest) else { throw StoreError.missingBlob(path: blobs.path(of: digest), version: row["id"]) }
      defer { file.unlock() }
      byteCount += try copyBlob(file, digest, to: target)
    }
    let backup = StoreBackup(
      format: format, createdAt: .now, databaseDigest: try SHA256.digest(ofFile: path),
      versions: try copy.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM versions") ?? 0 }, blobs: rows.count, byteCount: byteCount)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try target.write([UInt8](try encoder.encode(backup)), as: manifest)
    return backup
  }

  /// SQL for each blob that something needs: its digest, the name of what needs it, and whether that is a version.
  static func needs(_ database: Database) throws -> String {
    var needs = ["SELECT digest, model || '@' || version AS id, 1 AS is_version FROM versions"]
    // A store of an earlier build has no others.
    if try database.tableExists("dataset_files") {
      needs += ["SELECT digest, dataset || '/' || path, 0 FROM dataset_files", "SELECT digest, run || '/' || name, 0 FROM run_files"]
    }
    return needs.joined(separator: " UNION ALL ")
  }

  // MARK: - Restoring

  /// Makes a store of a backup: all of the backup is checked first, then copied into a new or empty folder.
  ///
  /// - Throws: `StoreError.notABackup`, `.notEmpty`, `.diskFull`; nothing that was there is touched.
  package static func restore(_ backup: String, to directory: String) throws -> StoreBackup {
    let source = Folder(existing: backup.absolutePath)
    let found = try verify(source)
    let target = try emptyFolder(directory)
    do {
      // Whoever opens the folder before the end is told; the mark goes last.
      try target.write([], as: unfinishedRestore)
      let blobs = BlobFolder(in: source)
      for digest in try blobs.content().digests {
        guard let file = try blobs.lockForReading(digest) else { continue }
        _ = try copyBlob(file, digest, to: target)
      }
      try copyDatabase(source, found, to: target)
      try recordRestore(of: found, in: target)
      try target.remove(unfinishedRestore)
      try target.synchronize()
    } catch {
      target.removeContent()
      throw error
    }
    return found
  }

  /// The change log goes on in the copy: with the restore itself.
  private static func recordRestore(of backup: StoreBackup, in target: Folder) throws {
    let path = target.path(of: database)
    try StoreError.translating(path) {
      let copy = try DatabaseQueue(path: path)
      try Migrations.apply(to: copy, path: path)
      try copy.write { database in
        try ModelStore.note(
          database, .restore, "store", by: .commandLine,
          ["saved_at": .string(backup.createdAt.description), "database_digest": .string(backup.databaseDigest.description)])
      }
      try copy.close()
    }
  }

  /// Reads all of a backup.
  ///
  /// - Throws: `StoreError.notABackup` with what is wrong.
  package static func verify(_ directory: String) throws -> StoreBackup {
    try verify(Folder(existing: directory.absolutePath))
  }

  private static func verify(_ source: Folder) throws -> StoreBackup {
    func refuse(_ reason: String) -> StoreError { .notABackup(path: source.path, reason: reason) }
    guard let text = FileManager.default.contents(atPath: source.path(of: manifest)) else {
      throw refuse("it has no \(manifest), which a finished backup ends with")
    }
    let backup: StoreBackup
    do {
      backup = try JSONDecoder().decode(StoreBackup.self, from: text)
    } catch {
      throw refuse("its \(manifest) can't be read")
    }
    guard backup.format == format else { throw refuse("its format is \(backup.format), this build knows \(format)") }
    let path = source.path(of: database)
    guard access(path, R_OK) == 0 else { throw refuse("it has no \(database)") }
    guard try SHA256.digest(ofFile: path) == backup.databaseDigest else { throw refuse("\(database) is not the one that was saved") }
    let check = try StoreCheck(directory: source.path)
    guard check.isSound else {
      let damage = check.findings.filter { $0.severity == .damage }
      throw refuse(damage.prefix(5).map { "\($0.subject): \($0.detail)" }.joined(separator: "; ") + (damage.count > 5 ? "; and more" : ""))
    }
    guard check.versions == backup.versions, check.blobs == backup.blobs else { throw refuse("it does not hold what its \(manifest) lists") }
    return backup
  }

  // MARK: - Copies

  private static func emptyFolder(_ path: String) throws -> Folder {
    let folder = try Folder(creating: path.absolutePath)
    guard try folder.names().isEmpty else { throw StoreError.notEmpty(path: folder.path) }
    folder.makePrivate()
    return folder
  }

  /// - Returns: how many bytes the file has.
  private static func copyBlob(_ file: OpenFile, _ digest: Digest, to target: Folder) throws -> Int {
    let unfinished = target.path(of: "blob.part")
    let (found, byteCount) = try copy(file, to: unfinished, mode: 0o444)
    guard found == digest else { throw StoreError.corruptBlob(path: file.path, digest: digest) }
    try BlobFolder(creatingIn: target).adopt(unfinished, as: digest)
    return byteCount
  }

  private static func copyDatabase(_ source: Folder, _ backup: StoreBackup, to target: Folder) throws {
    let unfinished = target.path(of: database + ".part")
    let file = try OpenFile(source.path(of: database), O_RDONLY)
    let (found, _) = try copy(file, to: unfinished, mode: 0o600)
    guard found == backup.databaseDigest else { throw StoreError.notABackup(path: source.path, reason: "it changed while it was read") }
    try target.adopt(unfinished, as: database)
  }

  /// Copies what is left to read of a file; the copy is on disk on return.
  private static func copy(_ file: OpenFile, to path: String, mode: mode_t) throws -> (digest: Digest, byteCount: Int) {
    let copy = try OpenFile(path, O_CREAT | O_EXCL | O_WRONLY)
    var hasher = SHA256()
    var byteCount = 0
    while case let piece = try file.read(upTo: 1 << 20), !piece.isEmpty {
      hasher.update(piece)
      try copy.write(piece)
      byteCount += piece.count
    }
    try copy.setMode(mode)
    try copy.synchronize()
    return (hasher.finalize(), byteCount)
  }
}

extension Folder {
  /// Takes back what a failed operation wrote into a folder that was empty; what can't be removed is named by the next attempt.
  fileprivate func removeContent() {
    for name in (try? names()) ?? [] { try? FileManager.default.removeItem(atPath: path(of: name)) }
  }
}
