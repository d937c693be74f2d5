import Formats
import Foundation

/// Where an answer goes: standard output, or a file that is there under its name when it is whole and not before.
///
/// Until then it has no name, where the file system can do that: whatever ends the program leaves nothing behind, and a file that stood there stays.
final class OutputFile {
  private let descriptor: Int32
  private let destination: String?
  /// The name that it has until it is whole, where it needs one.
  private var temporaryName: String?
  private let ownsDescriptor: Bool

  /// - Parameter path: nil or `-` is standard output.
  init(_ path: String?) throws {
    guard let path, path != "-" else {
      (descriptor, destination, ownsDescriptor) = (STDOUT_FILENO, nil, false)
      return
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    ownsDescriptor = true
    guard !exists || status.st_mode & S_IFMT == S_IFREG else {
      // A pipe or a device takes the bytes as they come.
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
      destination = nil
      guard descriptor >= 0 else { throw Self.failure(path) }
      return
    }
    // A link goes on pointing to its file.
    let target = exists ? path.resolvingLinks : path
    let mode = exists ? status.st_mode & 0o777 : 0o666
    let folder = target.fileURL.deletingLastPathComponent().path
    // O_TMPFILE, which Glibc's overlay leaves out.
    var descriptor = open(folder, 0o20000000 | O_DIRECTORY | O_WRONLY | O_CLOEXEC, mode)
    if descriptor < 0 {
      let name = Self.temporaryName(beside: target)
      descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      if descriptor >= 0 { temporaryName = name }
    }
    (self.descriptor, destination) = (descriptor, target)
    guard descriptor >= 0 else { throw Self.failure(path) }
    if exists { fchmod(descriptor, mode) }
  }

  deinit {
    if let temporaryName { unlink(temporaryName) }
    if ownsDescriptor, descriptor >= 0 { close(descriptor) }
  }

  var isTerminal: Bool { isatty(descriptor) != 0 }

  func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let result = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw Self.failure(destination ?? "standard output") }
      written += result
    }
  }

  /// Gives the file its name, in place of what stood there.
  func finish() throws {
    guard let destination else { return }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.failure(destination) }
    if temporaryName == nil {
      let name = Self.temporaryName(beside: destination)
      guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else { throw Self.failure(destination) }
      temporaryName = name
    }
    guard let name = temporaryName, rename(name, destination) == 0 else { throw Self.failure(destination) }
    temporaryName = nil
  }

  private static func temporaryName(beside path: String) -> String {
    let url = path.fileURL
    return url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(getpid()).partial").path
  }

  private static func failure(_ path: String) -> CommandError { CommandError("\(path) can't be written: \(String(cString: strerror(errno))).") }
}
