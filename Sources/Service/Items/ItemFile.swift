internal import Foundation
internal import Glibc
internal import Synchronization

/// A file with items: one that is there, or one without a name that takes what arrives and is gone when it is let go of, also after a crash.
package final class ItemFile: Sendable {
  private let descriptor: Int32
  private let count: Atomic<Int>

  /// A system call that failed.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package let action: String
    package let code: Int32

    package var description: String { "\(action): \(String(cString: strerror(code)))" }
  }

  private init(descriptor: Int32, count: Int) {
    self.descriptor = descriptor
    self.count = Atomic(count)
  }

  deinit { close(descriptor) }

  /// A regular file; nil for a pipe, a terminal and other things that can be read but once.
  package static func opening(_ path: String) throws -> ItemFile? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(action: "\(path) can't be read", code: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    return ItemFile(descriptor: descriptor, count: Int(status.st_size))
  }

  /// An empty file without a name, on the disk that holds this folder.
  package static func temporary(in folder: String) throws -> ItemFile {
    // O_TMPFILE, which Glibc's overlay leaves out: __O_TMPFILE | O_DIRECTORY.
    var descriptor = open(folder, 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      // Not every file system has such files.
      var template = Array("\(folder)/.posterior-items-XXXXXX".utf8CString)
      descriptor = mkstemp(&template)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
      }
    }
    guard descriptor >= 0 else { throw Failure(action: "a temporary file in \(folder) can't be made", code: errno) }
    return ItemFile(descriptor: descriptor, count: 0)
  }

  package var byteCount: Int { count.load(ordering: .acquiring) }

  /// Appends what arrived; one writer at a time, and none beside a reader.
  package func append(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let result = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + written, $0.count - written, off_t(byteCount + written)) }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw Failure(action: "the items can't be kept on disk", code: result < 0 ? errno : ENOSPC) }
      written += result
    }
    count.add(bytes.count, ordering: .acquiringAndReleasing)
  }

  func read(at offset: Int, upTo size: Int) throws -> [UInt8] {
    let size = max(0, min(size, byteCount - offset))
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size {
        let result = pread(descriptor, buffer.baseAddress! + filled, size - filled, off_t(offset + filled))
        if result < 0, errno == EINTR { continue }
        if result < 0 { failure = errno }
        guard result > 0 else { return }
        filled += result
      }
    }
    if let failure { throw Failure(action: "the items can't be read", code: failure) }
    return bytes
  }
}
