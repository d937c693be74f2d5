internal import Formats
import Foundation

/// A directory whose entries survive a power cut once a call has returned.
struct Folder: Sendable {
  let path: String

  /// Creates the folder and those above it where they are missing.
  init(creating path: String) throws(StoreError) {
    self.path = path
    var isNew = mkdir(path, 0o700) == 0
    if !isNew, errno == ENOENT {
      _ = try Folder(creating: parent)
      isNew = mkdir(path, 0o700) == 0
    }
    if isNew {
      try Folder(existing: parent).synchronize()
    } else if errno == EEXIST {
      try requireFolder()
    } else {
      throw StoreError(errno: errno, path: path)
    }
  }

  /// Takes the folder from all users but its owner. One that is for everybody, as /tmp is, or another user's, stays as it is.
  func makePrivate() {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_ISVTX == 0, status.st_mode & 0o077 != 0 else { return }
    _ = chmod(path, status.st_mode & 0o700)
  }

  /// Makes sure that a file is there, and that it is its owner's alone; the bytes of one that was there stay.
  ///
  /// By name, without opening it: closing a database's file would let go of the locks that this process holds on it.
  func makePrivate(_ name: String) throws(StoreError) {
    let path = path(of: name)
    guard access(path, F_OK) == 0 else {
      do throws(StoreError) { _ = try OpenFile(path, O_CREAT | O_EXCL | O_WRONLY) } catch { if access(path, F_OK) != 0 { throw error } }
      return
    }
    restrict(name)
  }

  /// Takes a file that may be there from all users but its owner.
  func restrict(_ name: String) {
    let path = path(of: name)
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 else { return }
    _ = chmod(path, status.st_mode & 0o600)
  }

  /// A folder that something else made.
  init(existing path: String) { self.path = path }

  /// Whether there is a folder of this name.
  var exists: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private func requireFolder() throws(StoreError) {
    guard exists else { throw .unusable(path: path, reason: "it is a file, not a folder") }
  }

  private var parent: String { path.fileURL.deletingLastPathComponent().path }

  func path(of name: String) -> String { path + "/" + name }

  func names() throws(StoreError) -> [String] {
    guard let stream = opendir(path) else { throw StoreError(errno: errno, path: path) }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw StoreError(errno: errno, path: path) }
    return names.sorted()
  }

  /// Moves a file here, in the place of one that has the name already.
  func adopt(_ file: String, as name: String) throws(StoreError) {
    guard rename(file, path(of: name)) == 0 else { throw StoreError(errno: errno, path: path(of: name)) }
    try synchronize()
  }

  /// Writes a new file that is on disk on return.
  func write(_ bytes: [UInt8], as name: String) throws(StoreError) {
    let unfinished = name + ".part"
    try remove(unfinished)
    let file = try OpenFile(path(of: unfinished), O_CREAT | O_EXCL | O_WRONLY)
    do throws(StoreError) {
      try file.write(bytes)
      try file.synchronize()
      try adopt(file.path, as: name)
    } catch {
      unlink(file.path)
      throw error
    }
  }

  /// Removes a file; one that is not there is gone already.
  func remove(_ name: String) throws(StoreError) {
    guard unlink(path(of: name)) == 0 || errno == ENOENT else { throw StoreError(errno: errno, path: path(of: name)) }
  }

  /// Waits until no other opening of this folder holds its lock.
  func lock() throws(StoreError) -> OpenFile {
    let lock = try open()
    try lock.lock()
    return lock
  }

  func open() throws(StoreError) -> OpenFile { try OpenFile(path, O_RDONLY | O_DIRECTORY) }

  func synchronize() throws(StoreError) {
    try open().synchronize()
  }
}
