import Formats
import Foundation

/// Keeps a file that takes hours to make to the command that makes it: another one that is to write the same file is refused before it begins.
///
/// A locked file beside it, `.NAME.lock`, removed at the end; the kernel drops the lock of a process that ends in whatever way.
final class OutputClaim {
  private let descriptor: Int32
  private let path: String

  /// - Throws: `CommandError` where another process makes the file, or its folder can't be written.
  init(_ output: String) throws {
    let url = output.resolvingLinks.fileURL
    path = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).lock").path
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw CommandError("\(output) can't be written: \(String(cString: strerror(errno))).") }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        throw CommandError("Another training writes \(output) at this moment: choose another --output, or wait until it has ended.")
      }
      // One that has just ended may have removed the file that was opened here.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
