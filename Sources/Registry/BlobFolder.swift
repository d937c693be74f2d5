import Formats
import Foundation

/// Model files by their digest: `blobs/sha256/ab/abcdef...`, read-only.
///
/// Who may touch what, over all processes that share the store:
/// 1. A file appears or disappears only inside a write transaction of the database, and SQLite lets one of those run at a time. So nobody collects a
///    file that another is about to name, and nobody names one that is being collected.
/// 2. An upload always brings its own bytes and puts them in place, over the same bytes if they are there. Nobody relies on a file that it merely found.
/// 3. Who needs all named files for a while (a backup, a check) holds a shared `flock` on this folder. A collector holds it alone; where it does not
///    get it at once it gives up rather than wait for hours.
/// 4. A reader of a file holds a shared `flock` on it. A collector takes a file only when it gets its lock alone.
///
/// The kernel releases a process's locks when it ends, so a killed process blocks nobody.
struct BlobFolder: Sendable {
  private enum Places: Sendable {
    case folder(Folder)
    /// Files that lie where somebody else put them, under names of their own.
    case files([Digest: String])
  }

  private let places: Places

  init(creatingIn store: Folder) throws(StoreError) {
    places = .folder(try Folder(creating: store.path(of: Self.name)))
  }

  /// A folder that is there, or is missing because nothing was ever published.
  init(in store: Folder) {
    places = .folder(Folder(existing: store.path(of: Self.name)))
  }

  init(files: [Digest: String]) { places = .files(files) }

  private static let name = "blobs/sha256"

  func path(of digest: Digest) -> String {
    switch places {
    case .folder(let root): root.path(of: "\(Self.shardName(of: digest))/\(digest.hex)")
    case .files(let files): files[digest] ?? digest.hex
    }
  }

  /// Moves a file that is on disk and whose digest is known into its place; the move is on disk on return.
  ///
  /// A file that was there is replaced by the same bytes, fresh from verification; a reader that has it open or mapped keeps the old one.
  func adopt(_ file: String, as digest: Digest) throws(StoreError) {
    try Folder(creating: requireFolder().path(of: Self.shardName(of: digest))).adopt(file, as: digest.hex)
  }

  func remove(_ digest: Digest) throws(StoreError) {
    try Folder(existing: requireFolder().path(of: Self.shardName(of: digest))).remove(digest.hex)
  }

  /// What lies in the folder: model files, and whatever else somebody put there.
  func content() throws(StoreError) -> (digests: Set<Digest>, strangers: [String]) {
    guard case .folder(let root) = places, root.exists else { return ([], []) }
    var digests: Set<Digest> = []
    var strangers: [String] = []
    for shard in try root.names() {
      let folder = Folder(existing: root.path(of: shard))
      guard folder.exists else {
        strangers.append(folder.path)
        continue
      }
      for name in try folder.names() {
        if let digest = Digest("sha256:" + name), Self.shardName(of: digest) == shard {
          digests.insert(digest)
        } else {
          strangers.append(folder.path(of: name))
        }
      }
    }
    return (digests, strangers)
  }

  private static func shardName(of digest: Digest) -> String { String(digest.hex.prefix(2)) }

  private func requireFolder() throws(StoreError) -> Folder {
    guard case .folder(let root) = places else { throw .servedReadOnly }
    return root
  }

  // MARK: - Locks

  /// Keeps every file where it is until the lock is let go; nil where there is no folder yet.
  func lockForReading() throws(StoreError) -> OpenFile? {
    guard case .folder(let root) = places, root.exists else { return nil }
    let lock = try root.open()
    try lock.lockShared()
    return lock
  }

  /// - Throws: `StoreError.inUse` while a backup or a check reads the files, or another collector is at work.
  func lockForCollecting() throws(StoreError) -> OpenFile {
    let lock = try requireFolder().open()
    guard try lock.tryLock() else { throw .inUse(path: lock.path) }
    return lock
  }

  /// Opens one file and keeps it where it is until the lock is let go.
  ///
  /// - Returns: nil where there is no such file.
  func lockForReading(_ digest: Digest) throws(StoreError) -> OpenFile? {
    let path = path(of: digest)
    // A file may be collected or replaced between its opening and its lock; then it has no name any more, and the next opening tells.
    while access(path, F_OK) == 0 {
      let file: OpenFile
      do {
        file = try OpenFile(path, O_RDONLY)
      } catch {
        if access(path, F_OK) != 0 { return nil }
        throw error
      }
      try file.lockShared()
      if try file.isNamed { return file }
    }
    return nil
  }

  /// The lock by which a collector takes a file; nil while somebody reads it, or when it is gone.
  func lockForCollecting(_ digest: Digest) throws(StoreError) -> OpenFile? {
    let path = path(of: digest)
    guard access(path, F_OK) == 0 else { return nil }
    let file = try OpenFile(path, O_RDONLY)
    return try file.tryLock() ? file : nil
  }
}
