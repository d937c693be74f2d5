internal import Foundation

/// A lock that one process holds, on this machine or on another that shares the folder; the kernel drops it when the process ends in whatever way.
package final class FileLock: Sendable {
  private let descriptor: Int32

  package struct Failure: Error, CustomStringConvertible { package let description: String }

  /// - Returns: nil where another process holds it.
  package init?(_ path: String) throws(Failure) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Failure(description: "\(path) can't be written: \(String(cString: strerror(errno)))") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw Failure(description: "\(path) can't be locked: \(String(cString: strerror(code)))") }
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
