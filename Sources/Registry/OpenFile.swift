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

  func write(_ bytes: [UInt8]) throws(StoreError) {
    var result: Swift.Result<Void, StoreError> = .success(())
    bytes.withUnsafeBytes { bytes in
      result = Swift.Result { () throws(StoreError) in try write(bytes) }
    }
    try result.get()
  }

  /// Up to `limit` bytes from where the last reading ended; none at the end.
  func read(upTo limit: Int) throws(StoreError) -> [UInt8] {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
      repeat { count = Foundation.read(descriptor, buffer.baseAddress, limit) } while count < 0 && errno == EINTR
      initialized = max(count, 0)
    }
    guard count >= 0 else { throw StoreError(errno: errno, path: path) }
    return bytes
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

  /// Waits until nobody holds the lock alone.
  func lockShared() throws(StoreError) {
    while flock(descriptor, LOCK_SH) != 0 {
      guard errno == EINTR else { throw StoreError(errno: errno, path: path) }
    }
  }

  /// Whether the file still has a name in some folder.
  var isNamed: Bool {
    get throws(StoreError) { try status().st_nlink > 0 }
  }

  func status() throws(StoreError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw StoreError(errno: errno, path: path) }
    return status
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
