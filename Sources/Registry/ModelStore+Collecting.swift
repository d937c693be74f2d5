package import Formats
import Foundation
import GRDB

/// What `collectGarbage` took, or would take.
package struct GarbageCollection: Equatable, Sendable {
  /// Files that no version needs.
  package internal(set) var blobs: [Digest] = []
  /// Bytes of those files.
  package internal(set) var byteCount = 0
  /// Files that no version needs but that somebody reads at this moment; they stay for the next time.
  package internal(set) var inUse: [Digest] = []
  /// Temporary files of processes that have ended.
  package internal(set) var leftovers: [String] = []

  package init() {}
}

extension ModelStore {
  /// Removes the model files that no version needs and the temporary files of processes that were killed.
  ///
  /// Runs beside servers: see `BlobFolder` for why nothing that is being read or published is taken.
  ///
  /// - Parameters:
  ///   - dryRun: tells what would go, and leaves everything.
  ///   - actor: who is named in the change log, where anything goes.
  /// - Throws: `StoreError.inUse` while a backup or a check reads the files.
  package func collectGarbage(dryRun: Bool = false, actor: Principal = .commandLine) throws -> GarbageCollection {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    let lock = try blobs.lockForCollecting()
    defer { lock.unlock() }
    var collection = GarbageCollection()
    collection.leftovers = try dryRun ? leftoversNow() : clearAway()

    // A write transaction also for a dry run: it keeps out a publication that has moved its file and not yet named it.
    try write { database in
      let named = Set(try String.fetchAll(database, sql: "SELECT digest FROM needed_blobs"))
      let known = Set(try String.fetchAll(database, sql: "SELECT digest FROM blobs"))
      let files = try blobs.content().digests
      for digest in files.sorted(by: { $0.hex < $1.hex }) where !named.contains(digest.description) {
        guard let file = try blobs.lockForCollecting(digest) else {
          collection.inUse.append(digest)
          continue
        }
        defer { file.unlock() }
        collection.blobs.append(digest)
        collection.byteCount += Int(try file.status().st_size)
        if !dryRun { try blobs.remove(digest) }
      }
      guard !dryRun else { return }
      let kept = named.union(collection.inUse.map(\.description))
      for digest in known.subtracting(kept) { try database.execute(sql: "DELETE FROM blobs WHERE digest = ?", arguments: [digest]) }
      guard !collection.blobs.isEmpty || !collection.leftovers.isEmpty else { return }
      try Self.note(
        database, .collect, "store", by: actor,
        [
          "model_files": .array(collection.blobs.map { .string($0.description) }), "bytes": .integer(collection.byteCount),
          "leftovers": .integer(collection.leftovers.count),
        ])
    }
    return collection
  }

  private func leftoversNow() throws -> [String] {
    let lock = try root.lock()
    defer { lock.unlock() }
    return try leftovers().files
  }

  /// Calls `body` with the path of a version's file, which stays where it is until then.
  ///
  /// - Throws: `StoreError.unknownVersion` when the version was deleted meanwhile and its file collected; `.missingBlob` when the file is gone all the same.
  package func reading<Value>(_ version: ModelVersion, _ body: (_ path: String) throws -> Value) throws -> Value {
    guard let file = try blobs.lockForReading(version.digest) else {
      try StoreError.translating(databasePath) { try index.reload() }
      _ = try index.current.version(version.version, of: version.name)
      throw StoreError.missingBlob(path: version.path, version: version.id)
    }
    defer { file.unlock() }
    return try body(version.path)
  }
}
