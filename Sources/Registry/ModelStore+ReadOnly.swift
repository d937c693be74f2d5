import Formats
import Foundation
import GRDB

extension ModelStore {
  /// Opens a store, or a copy of one, for reading alone; the folder may be on a read-only disk, and another process may write to it meanwhile.
  ///
  /// - Throws: `StoreError.newerStore`, `.olderStore`, `.unusable`.
  package static func reading(directory: String, options: Options = Options()) throws -> ModelStore {
    let root = Folder(existing: directory.absolutePath)
    guard access(root.path(of: StoreBackup.unfinishedRestore), F_OK) != 0 else { throw StoreError.unfinishedRestore(path: root.path) }
    let database = try ReadOnlyDatabase.open(in: root.path, busyTimeout: options.busyTimeout)
    let path = root.path(of: "posterior.sqlite")
    return try StoreError.translating(path) {
      try Migrations.requireCurrent(database, path: path)
      // On a read-only disk there may be no other connection; nobody changes anything there either.
      let probe = try? ChangeProbe(path: path)
      return try ModelStore(reading: database, (try? probe?.version) == nil ? nil : probe, in: root, blobs: BlobFolder(in: root), options: options)
    }
  }

  /// Serves the model files of a folder, each under its own name: `digits.safetensors` is version 1 of `digits`, and live.
  ///
  /// The registry of such a folder is in memory; a file that is added later is seen at the next start.
  ///
  /// - Parameters:
  ///   - describe: reads the file at the path and throws what is wrong with it.
  ///   - skipped: called with each file that is left out and why.
  package static func reading(
    modelFilesIn directory: String, options: Options = Options(), describe: (_ path: String) throws -> ModelFacts,
    skipped: (_ path: String, _ error: any Error) -> Void
  ) throws -> ModelStore {
    let root = Folder(existing: directory.absolutePath)
    let database = try DatabaseQueue()
    try Migrations.apply(to: database, path: root.path)
    var files: [Digest: String] = [:]
    for file in try root.names() where file.hasSuffix(".safetensors") && !file.hasPrefix(".") {
      let (path, name) = (root.path(of: file), String(file.dropLast(".safetensors".count)))
      do {
        try ModelReference.validate(name: name)
        let facts = try describe(path)
        let digest = try SHA256.digest(ofFile: path)
        let byteCount = Int(try OpenFile(path, O_RDONLY).status().st_size)
        try database.write { database in
          let (version, _) = try insertVersion(database, name, digest, byteCount, facts)
          _ = try moveAlias(database, ModelReference.defaultAlias, of: name, to: version, reason: "the folder has \(file)", actor: "folder")
        }
        files[digest] = path
      } catch {
        skipped(path, error)
      }
    }
    return try ModelStore(reading: database, in: root, blobs: BlobFolder(files: files), options: options)
  }
}
