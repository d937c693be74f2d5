import Foundation
import Synchronization

/// One opening of a store: a locked file in `sessions/`, by which others see that this opening is alive.
///
/// The kernel drops the lock when the process ends, however it ends, in whatever container: no process number is compared, so none can
/// be mistaken for another that got the same number later.
final class Session: Sendable {
  let token: String
  /// nil for the opening of a store that is only read, which leaves nothing that others could take for a leftover.
  private let file: OpenFile?
  private let uploads = Atomic<Int>(0)

  /// Call with the store's lock held, so that nobody sees the file before it is locked.
  init(in folder: Folder) throws(StoreError) {
    token = Self.newToken()
    let file = try OpenFile(folder.path(of: token), O_CREAT | O_EXCL | O_RDWR)
    guard try file.tryLock() else { throw .busy(path: file.path) }
    self.file = file
  }

  private init() {
    token = Self.newToken()
    file = nil
  }

  /// The session of a store that is only read.
  static var ofReader: Session { Session() }

  private static func newToken() -> String { String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16) }

  deinit {
    // What stays behind is taken for a session that ended without a word, which is right as well.
    if let file { unlink(file.path) }
  }

  /// A name for a temporary file that tells whose it is.
  func newUploadName() -> String {
    "\(token)-\(uploads.add(1, ordering: .relaxed).newValue).part"
  }

  /// The sessions that live, and the files of those that do not. Call with the store's lock held.
  static func census(in folder: Folder) throws(StoreError) -> (living: Set<String>, dead: [String]) {
    var living: Set<String> = []
    var dead: [String] = []
    for token in try folder.names() {
      if try isLocked(folder.path(of: token)) { living.insert(token) } else { dead.append(token) }
    }
    return (living, dead)
  }

  /// The session that a temporary file belongs to; see `newUploadName`.
  static func owner(ofUpload name: String) -> String { String(name.prefix { $0 != "-" }) }

  private static func isLocked(_ path: String) throws(StoreError) -> Bool {
    // A session that ends right now takes its file away by itself.
    guard access(path, F_OK) == 0 else { return false }
    do {
      return try !OpenFile(path, O_RDONLY).tryLock()
    } catch .unusable where access(path, F_OK) != 0 {
      return false
    }
  }
}
