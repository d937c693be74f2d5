import Foundation
import Registry
import Testing

@Suite("What other users of the machine may read of a store")
struct PrivacyTests {
  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_mode & 0o7777
  }

  @Test("nothing of the database, its log and its folder, whatever they were before", arguments: [false, true])
  func isPrivate(wasOpen: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.unused()
    if wasOpen {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      #expect(chmod(path, 0o755) == 0)
      let store = try ModelStore(directory: path)
      try store.publish(bytes: [1], as: "m")
      for name in ["posterior.sqlite", "posterior.sqlite-wal", "posterior.sqlite-shm"] { #expect(chmod(path + "/" + name, 0o644) == 0) }
      #expect(chmod(path, 0o755) == 0)
      withExtendedLifetime(store) {}
    }
    let store = try ModelStore(directory: path)
    try store.publish(bytes: [2], as: "m")
    #expect(try mode(path) == 0o700)
    for name in ["posterior.sqlite", "posterior.sqlite-wal", "posterior.sqlite-shm"] { #expect(try mode(path + "/" + name) == 0o600, "\(name)") }
    withExtendedLifetime(store) {}
  }

  @Test("a folder that is for everybody stays so, and a backup is its maker's alone")
  func others() throws {
    let folder = try TemporaryFolder()
    #expect(chmod(folder.path, 0o1777) == 0)
    let store = try ModelStore(directory: folder.path)
    #expect(try mode(folder.path) == 0o1777)
    try store.publish(bytes: [1], as: "m")
    let backup = try TemporaryFolder()
    #expect(chmod(backup.path, 0o755) == 0)
    _ = try StoreBackup.make(of: folder.path, in: backup.path)
    #expect(try mode(backup.path) == 0o700 && mode(backup.path + "/posterior.sqlite") == 0o600)
    withExtendedLifetime(store) {}
  }
}
