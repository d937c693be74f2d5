import Formats

/// Model files by their digest: `blobs/sha256/ab/abcdef...`, read-only.
///
/// Files come and go only while the database's write lock is held, so that nobody collects a file that another is about to name.
struct BlobFolder: Sendable {
  private let root: Folder

  init(creatingIn store: Folder) throws(StoreError) {
    root = try Folder(creating: store.path(of: "blobs/sha256"))
  }

  func path(of digest: Digest) -> String { root.path(of: "\(digest.hex.prefix(2))/\(digest.hex)") }

  /// Moves a file that is on disk and whose digest is known into its place; the move is on disk on return.
  ///
  /// A file that was there is replaced by the same bytes, fresh from verification; who has it open or mapped keeps the old one.
  func adopt(_ file: String, as digest: Digest) throws(StoreError) {
    try shard(of: digest).adopt(file, as: digest.hex)
  }

  func remove(_ digest: Digest) throws(StoreError) {
    try shard(of: digest).remove(digest.hex)
  }

  private func shard(of digest: Digest) throws(StoreError) -> Folder {
    try Folder(creating: root.path(of: String(digest.hex.prefix(2))))
  }
}
