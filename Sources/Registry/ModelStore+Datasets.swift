import Formats
import Foundation
import GRDB
import Logging

extension ModelStore {
  /// Registers files under a name: all of them or, whatever fails or is cut off, none.
  ///
  /// The same files again are the data set that is there. The uploads are used up, also when this throws.
  ///
  /// - Parameter describe: looks into the files, whose paths on disk it gets, and throws what is wrong with them.
  /// - Throws: `StoreError.invalidDataset`, `.datasetTaken` for a name that stands for other files, `.diskFull`.
  package func addDataset(
    _ uploads: [(path: String, staged: StagedUpload)], as name: String, actor: Principal, describe: ([String: String]) throws -> String
  ) throws -> (dataset: Dataset, isNew: Bool) {
    defer { for upload in uploads { upload.staged.abort() } }
    try ModelReference.validate(name: name)
    guard !uploads.isEmpty else { throw StoreError.invalidDataset(field: "files", given: "none", expected: "at least one file") }
    var files: [Dataset.File] = []
    for upload in uploads {
      guard Dataset.accepts(path: upload.path) else {
        throw StoreError.invalidDataset(field: "file", given: upload.path, expected: "a relative path such as wine.csv or images/1.png")
      }
      guard !files.contains(where: { $0.path == upload.path }) else {
        throw StoreError.invalidDataset(field: "file", given: "\(upload.path) twice", expected: "paths that differ")
      }
      let (digest, byteCount) = try upload.staged.seal()
      guard byteCount > 0 else {
        throw StoreError.invalidDataset(field: "file", given: "\(upload.path) without a byte", expected: "a file with content")
      }
      files.append(Dataset.File(path: upload.path, digest: digest, byteCount: byteCount))
    }
    files.sort { $0.path < $1.path }
    if let present = try dataset(ifNamed: name) { return (try same(present, files), false) }
    let description = try describe(Dictionary(uniqueKeysWithValues: uploads.map { ($0.path, $0.staged.path) }))
    let now = Timestamp.now
    var moved: [Digest] = []
    do {
      let isNew = try write { database in
        guard try Self.dataset(database, name) == nil else { return false }
        for upload in uploads {
          let (digest, byteCount) = try upload.staged.seal()
          // Two paths may have the same bytes.
          if !moved.contains(digest) { try blobs.adopt(upload.staged.path, as: digest) }
          moved.append(digest)
          upload.staged.release()
          try database.execute(
            sql: "INSERT INTO blobs (digest, byte_count, created_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
            arguments: [digest.description, byteCount, now.description])
        }
        try database.execute(
          sql: "INSERT INTO datasets (name, description, created_at) VALUES (?, ?, ?)", arguments: [name, description, now.description])
        for file in files {
          try database.execute(
            sql: "INSERT INTO dataset_files (dataset, path, digest) VALUES (?, ?, ?)", arguments: [name, file.path, file.digest.description])
        }
        let dataset = Dataset(name: name, files: files, description: description, createdAt: now)
        try Self.note(
          database, .addDataset, name, by: actor, ["digest": .string(dataset.digest.description), "bytes": .integer(dataset.byteCount)])
        return true
      }
      // Another process was quicker.
      guard isNew else { return (try same(dataset(named: name), files), false) }
      return (Dataset(name: name, files: files, description: description, createdAt: now), true)
    } catch {
      for digest in moved { removeUnneededBlob(digest) }
      throw error
    }
  }

  private func same(_ present: Dataset, _ files: [Dataset.File]) throws -> Dataset {
    guard present.files == files else { throw StoreError.datasetTaken(name: present.name, digest: present.digest) }
    return present
  }

  /// All of them by name.
  package func datasets() throws -> [Dataset] {
    try read { database in
      try String.fetchAll(database, sql: "SELECT name FROM datasets ORDER BY name").compactMap { try Self.dataset(database, $0) }
    }
  }

  /// - Throws: `StoreError.unknownDataset`.
  package func dataset(named name: String) throws -> Dataset {
    if let dataset = try dataset(ifNamed: name) { return dataset }
    throw StoreError.unknownDataset(name: name, existing: try datasets().map(\.name))
  }

  private func dataset(ifNamed name: String) throws -> Dataset? { try read { try Self.dataset($0, name) } }

  private static func dataset(_ database: Database, _ name: String) throws -> Dataset? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM datasets WHERE name = ?", arguments: [name]) else { return nil }
    let sql = """
      SELECT path, dataset_files.digest AS digest, byte_count FROM dataset_files JOIN blobs ON blobs.digest = dataset_files.digest
      WHERE dataset = ? ORDER BY path
      """
    let files = try Row.fetchAll(database, sql: sql, arguments: [name]).map { row in
      Dataset.File(path: row["path"], digest: try row.parse("digest"), byteCount: row["byte_count"])
    }
    return Dataset(name: name, files: files, description: row["description"], createdAt: try row.parse("created_at"))
  }

  /// Gives a name up; the bytes go with it unless something else needs them. Work that has begun keeps what it learns from.
  ///
  /// - Throws: `StoreError.unknownDataset`.
  package func deleteDataset(_ name: String, actor: Principal) throws {
    let dataset = try dataset(named: name)
    try write { database in
      try database.execute(sql: "DELETE FROM datasets WHERE name = ?", arguments: [name])
      guard database.changesCount > 0 else { throw StoreError.unknownDataset(name: name, existing: []) }
      try Self.note(database, .deleteDataset, name, by: actor, ["digest": .string(dataset.digest.description)])
    }
    for file in dataset.files { removeUnneededBlob(file.digest) }
  }

  /// Puts the files of a data set into a folder under their paths, without copying them where the disk can do that.
  ///
  /// - Throws: `StoreError.missingBlob`, `.diskFull`.
  package func lay(out dataset: Dataset, in folder: String) throws {
    for file in dataset.files {
      guard let lock = try blobs.lockForReading(file.digest) else {
        throw StoreError.missingBlob(path: blobs.path(of: file.digest), version: "\(dataset.name)/\(file.path)")
      }
      defer { lock.unlock() }
      let target = folder + "/" + file.path
      try FileManager.default.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      if access(target, F_OK) == 0 { continue }
      let source = blobs.path(of: file.digest)
      guard link(source, target) != 0 else { continue }
      // Another disk, or one that knows no links.
      do { try FileManager.default.copyItem(atPath: source, toPath: target) } catch {
        throw StoreError(errno: errno == 0 ? EIO : errno, path: target)
      }
    }
  }

  /// Takes a file out that nothing needs any more; one that is read at this moment stays for `store gc`.
  func removeUnneededBlob(_ digest: Digest) {
    do {
      try write { database in
        let isNeeded = try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM needed_blobs WHERE digest = ?)", arguments: [digest.description])
        guard isNeeded == false else { return }
        guard let file = try blobs.lockForCollecting(digest) else { return }
        defer { file.unlock() }
        try blobs.remove(digest)
        try database.execute(sql: "DELETE FROM blobs WHERE digest = ?", arguments: [digest.description])
      }
    } catch {
      logger.warning("a file that nothing needs stays behind", metadata: ["digest": "\(digest)", "error": "\(error)"])
    }
  }
}
