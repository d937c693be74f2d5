internal import Foundation

extension ModelFile {
  /// Puts the bytes at `path` whole or not at all, also through a power cut: a new file in the same folder, synced, renamed, the folder synced.
  ///
  /// What was at `path` is replaced; the permissions are those of a new file. Serves any file that must not be half there, checkpoints too.
  package static func write(_ bytes: [UInt8], to path: String) throws(ModelFileError) {
    let folder = (path as NSString).deletingLastPathComponent
    let parent = folder.isEmpty ? "." : folder
    let temporary = (parent as NSString).appendingPathComponent(".\(UUID().uuidString).tmp")
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(path, "write", errno) }
    var code = bytes.withUnsafeBytes { fill(descriptor, with: $0) }
    if code == 0 && fsync(descriptor) != 0 { code = errno }
    if close(descriptor) != 0 && code == 0 { code = errno }
    if code == 0 && rename(temporary, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(temporary)
      throw .system(path, "write", code)
    }
    try synchronise(folder: parent)
  }

  /// The error number, 0 for success.
  private static func fill(_ descriptor: CInt, with bytes: UnsafeRawBufferPointer) -> CInt {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0 && errno == EINTR { continue }
      guard written >= 0 else { return errno }
      rest = rest.dropFirst(written)
    }
    return 0
  }

  private static func synchronise(folder: String) throws(ModelFileError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(folder, "open", errno) }
    let code = fsync(descriptor) == 0 ? 0 : errno
    close(descriptor)
    // Some file systems cannot sync a folder and say so; the rename itself is done.
    guard code == 0 || code == EINVAL else { throw .system(folder, "sync", code) }
  }
}
