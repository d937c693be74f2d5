import Foundation

/// An open file descriptor and the path it was opened at; closed with its last owner.
final class OpenFile: Sendable {
  let path: String
  private let descriptor: Int32

  init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(StoreError) {
    self.path = path
    // O_CLOEXEC: a child process must not keep this process's locks.
    descriptor = open(path, flags | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw StoreError(errno: errno, path: path) }
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw StoreError(errno: errno, path: path)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  /// Returns when the disk has the bytes.
  func synchronize() throws(StoreError) {
    guard fsync(descriptor) == 0 else { throw StoreError(errno: errno, path: path) }
  }

  func setMode(_ mode: mode_t) throws(StoreError) {
    guard fchmod(descriptor, mode) == 0 else { throw StoreError(errno: errno, path: path) }
  }

  /// Waits for the file's advisory lock; the kernel lets it go when this object or the process ends, however it ends.
  func lock() throws(StoreError) {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw StoreError(errno: errno, path: path) }
    }
  }

  /// Lets the lock go; call it in a `defer`, which also keeps this object, and with it the lock, alive until then.
  func unlock() {
    flock(descriptor, LOCK_UN)
  }

  /// - Returns: false when another holds the lock.
  func tryLock() throws(StoreError) -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    guard errno == EWOULDBLOCK else { throw StoreError(errno: errno, path: path) }
    return false
  }
}
