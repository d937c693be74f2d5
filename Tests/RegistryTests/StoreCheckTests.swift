import Formats
import Foundation
import GRDB
import Registry
import Testing

@Suite("Checking a store")
struct StoreCheckTests {
  let folder: TemporaryFolder
  let store: ModelStore
  let version: ModelVersion

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    version = try store.publish(bytes: Array(repeating: 7, count: 5000), as: "m", alias: "live").version
    try store.publish(bytes: [1, 2], as: "n", alias: "live")
  }

  private func check() throws -> StoreCheck { try StoreCheck(directory: store.directory) }

  private func overwrite(_ path: String, with bytes: [UInt8], mode: Int = 0o444) throws {
    try FileManager.default.removeItem(atPath: path)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  @Test("a sound store has no findings, and is left as it was")
  func sound() throws {
    let before = try FileManager.default.subpathsOfDirectory(atPath: store.directory).sorted()
    let check = try check()
    #expect(check.isSound && check.findings.isEmpty)
    #expect(check.versions == 2 && check.blobs == 2 && check.byteCount == 5002)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: store.directory).sorted() == before)
  }

  @Test("a changed byte, a lost byte, a lost file and a writable file are damage, named with their versions")
  func damage() throws {
    try overwrite(version.path, with: Array(repeating: 7, count: 4999) + [8])
    #expect(try check().findings.map(\.detail).contains { $0.contains("m@1") && $0.contains("no longer those that were published") })
    try overwrite(version.path, with: [7])
    #expect(try check().findings.map(\.detail) == ["the file of m@1 has 1 bytes, expected 5000"])
    try overwrite(version.path, with: Array(repeating: 7, count: 5000), mode: 0o644)
    #expect(try check().findings.map(\.detail) == ["the file of m@1 can be written (mode 644), expected 444"])
    try FileManager.default.removeItem(atPath: version.path)
    let check = try check()
    #expect(check.findings.map(\.detail) == ["the file of m@1 is missing"])
    #expect(!check.isSound && check.findings[0].subject == version.path && check.blobs == 1)
  }

  @Test("a row without its parent and a damaged page are damage")
  func database() throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: store.directory + "/posterior.sqlite", configuration: configuration).write {
      try $0.execute(sql: "INSERT INTO run_tags (run, name, value) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a', 'b')")
    }
    let check = try check()
    #expect(!check.isSound && check.findings.map(\.detail) == ["a row of run_tags refers to a row of runs that is not there"])

    let copy = try folder.crashCopy(of: store.directory)
    try FileManager.default.removeItem(atPath: copy + "/posterior.sqlite-wal")
    let file = try #require(FileHandle(forUpdatingAtPath: copy + "/posterior.sqlite"))
    try file.seek(toOffset: 4096)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 16_384))
    try file.close()
    #expect(try StoreCheck(directory: copy).isSound == false)
  }

  @Test("an orphan and a stranger are named, and are no damage")
  func leftovers() throws {
    let orphan = store.directory + "/blobs/sha256/00/" + String(repeating: "0", count: 64)
    try FileManager.default.createDirectory(atPath: store.directory + "/blobs/sha256/00", withIntermediateDirectories: true)
    for path in [orphan, store.directory + "/blobs/sha256/notes.txt"] { #expect(FileManager.default.createFile(atPath: path, contents: Data([1]))) }
    let check = try check()
    #expect(check.isSound)
    #expect(check.findings.map(\.severity) == [.leftover, .leftover])
    #expect(check.findings.map(\.subject) == [orphan, store.directory + "/blobs/sha256/notes.txt"])
    // The collector takes what is the store's, and leaves what it does not know.
    #expect(try store.collectGarbage().byteCount == 1)
    #expect(try self.check().findings.map(\.subject) == [store.directory + "/blobs/sha256/notes.txt"])
  }

  @Test("an admin key that others can read is damage")
  func secret() throws {
    _ = try AdminKey.loadOrCreate(in: store.directory)
    #expect(try check().isSound)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: store.directory + "/admin.key")
    #expect(try check().findings.map(\.detail) == ["others can read it (mode 644)"])
  }

  @Test("a newer build's store, and a folder without one, are refused with a sentence")
  func refusals() throws {
    #expect(throws: StoreError.unusable(path: folder.path + "/posterior.sqlite", reason: "there is no such file")) {
      try StoreCheck(directory: folder.path)
    }
    try store.execute("INSERT INTO grdb_migrations (identifier) VALUES ('9999-later.sql')")
    #expect(throws: StoreError.newerStore(path: store.directory + "/posterior.sqlite", migrations: ["9999-later.sql"])) { try check() }
  }
}
