import Formats
import Foundation
import Locking
import ModelFiles
import Registry
import Testing

@Suite("Backups")
struct StoreBackupTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
    try store.publish(bytes: [1, 2, 3], as: "a", alias: "live")
    try store.publish(bytes: [4], as: "a", alias: "live")
    try store.publish(bytes: [4], as: "b", alias: "best")
  }

  @Test("a restored store holds the models, versions, aliases and files of the moment of the backup")
  func roundTrip() throws {
    let saved = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    #expect(saved.versions == 3 && saved.blobs == 2 && saved.byteCount == 4)
    try store.publish(bytes: [5], as: "a", alias: "live")
    let target = folder.unused()
    #expect(try StoreBackup.restore(folder.path + "/backup", to: target) == saved)
    #expect(try StoreCheck(directory: target).findings.isEmpty)
    let restored = try ModelStore(directory: target)
    #expect(try restored.models().items.map(\.name) == ["a", "b"])
    #expect(try restored.resolve("a").version == 2)
    #expect(try restored.aliasHistory("live", of: "a") == Array(try store.aliasHistory("live", of: "a").dropFirst()))
    #expect(FileManager.default.contents(atPath: try restored.resolve("a@1").path) == Data([1, 2, 3]))
    let restore = try #require(try restored.changes(limit: 1).items.first)
    #expect(restore.action == .restore && restore.detail.contains(saved.databaseDigest.description) && restore.actor == .commandLine)
    #expect(try store.changes(ChangeFilter(action: .restore)).items.isEmpty)
    #expect(try restored.publish(bytes: [6], as: "a").version.version == 3)
  }

  @Test("a backup made while others publish, delete and collect is one whole state")
  func concurrent() throws {
    let directory = store.directory
    let done = Protected(false)
    let group = DispatchGroup()
    let errors = Protected<[String]>([])
    for index in 0..<2 {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        do {
          let store = try ModelStore(directory: directory)
          var round = 0
          while !done.withLock({ $0 }) {
            round += 1
            let version = try store.publish(bytes: [UInt8(index), UInt8(round % 200)], as: "m\(index)").version
            if round % 2 == 0 { try store.deleteVersion(version.version, of: version.name, actor: "test") }
            do { if round % 3 == 0 { _ = try store.collectGarbage() } } catch StoreError.inUse {}
          }
        } catch {
          errors.withLock { $0.append("\(error)") }
        }
      }
    }
    for index in 0..<5 {
      let target = folder.path + "/backup\(index)"
      let saved = try StoreBackup.make(of: directory, in: target)
      #expect(try StoreBackup.verify(target) == saved)
    }
    done.withLock { $0 = true }
    group.wait()
    #expect(errors.withLock { $0 } == [])
  }

  @Test("while a backup reads, a collector says so and takes nothing")
  func locked() throws {
    let version = try store.publish(bytes: [9], as: "c").version
    let lock = open(store.directory + "/blobs/sha256", O_RDONLY)
    defer { close(lock) }
    #expect(flock(lock, LOCK_SH) == 0)
    try store.deleteVersion(1, of: "c", actor: "test")
    #expect(throws: StoreError.inUse(path: store.directory + "/blobs/sha256")) { try store.collectGarbage() }
    #expect(FileManager.default.fileExists(atPath: version.path))
  }

  @Test("folders that hold something are never written to")
  func notEmpty() throws {
    #expect(throws: StoreError.notEmpty(path: store.directory)) { try StoreBackup.make(of: store.directory, in: store.directory) }
    _ = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    #expect(throws: StoreError.notEmpty(path: folder.path + "/backup")) { try StoreBackup.make(of: store.directory, in: folder.path + "/backup") }
    #expect(throws: StoreError.notEmpty(path: store.directory)) { try StoreBackup.restore(folder.path + "/backup", to: store.directory) }
    #expect(try StoreCheck(directory: store.directory).findings.isEmpty)
  }

  @Test("a store with a damaged or missing file is not saved, and nothing is left of the attempt")
  func damagedStore() throws {
    let version = try store.resolve("a@1")
    try FileManager.default.removeItem(atPath: version.path)
    let target = folder.path + "/backup"
    #expect(throws: StoreError.missingBlob(path: version.path, version: "a@1")) { try StoreBackup.make(of: store.directory, in: target) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
    #expect(FileManager.default.createFile(atPath: version.path, contents: Data([3, 2, 1])))
    #expect(throws: StoreError.corruptBlob(path: version.path, digest: version.digest)) { try StoreBackup.make(of: store.directory, in: target) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
  }

  /// What can happen to a backup, and a word of the refusal.
  static let damages: [(String, String, @Sendable (String) throws -> Void)] = [
    ("no manifest", "no backup.json", { try FileManager.default.removeItem(atPath: $0 + "/backup.json") }),
    ("no database", "no posterior.sqlite", { try FileManager.default.removeItem(atPath: $0 + "/posterior.sqlite") }),
    ("another manifest", "can't be read", { try Data("{}".utf8).write(to: URL(fileURLWithPath: $0 + "/backup.json")) }),
    (
      "a changed database", "not the one that was saved",
      { try Data([1, 2, 3]).write(to: URL(fileURLWithPath: $0 + "/posterior.sqlite")) }
    ),
    (
      "a lost model file", "missing",
      { folder in
        let path = try #require(FileManager.default.subpaths(atPath: folder + "/blobs")?.max { $0.count < $1.count })
        try FileManager.default.removeItem(atPath: folder + "/blobs/" + path)
      }
    ),
  ]

  @Test("a damaged backup is refused before anything is written", arguments: damages.map(\.0))
  func damagedBackup(_ what: String) throws {
    let (_, words, damage) = try #require(Self.damages.first { $0.0 == what })
    let backup = folder.path + "/backup"
    _ = try StoreBackup.make(of: store.directory, in: backup)
    try damage(backup)
    let target = folder.unused()
    do {
      _ = try StoreBackup.restore(backup, to: target)
      Issue.record("restored")
    } catch let error as StoreError {
      #expect("\(error)".contains(words), "\(error)")
    }
    #expect(!FileManager.default.fileExists(atPath: target))
  }

  @Test("a folder whose restore was cut short is no store")
  func cutShort() throws {
    _ = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    let target = folder.unused()
    _ = try StoreBackup.restore(folder.path + "/backup", to: target)
    #expect(FileManager.default.createFile(atPath: target + "/restore.unfinished", contents: Data()))
    #expect(throws: StoreError.unfinishedRestore(path: target)) { try ModelStore(directory: target) }
    #expect(throws: StoreError.unfinishedRestore(path: target)) { try ModelStore.reading(directory: target) }
    #expect(throws: StoreError.unfinishedRestore(path: target)) { try StoreCheck(directory: target) }
  }

  @Test("runs that were going on when the state was saved have failed in the restored store")
  func runs() throws {
    let run = try store.start(.small)
    _ = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    _ = try StoreBackup.restore(folder.path + "/backup", to: folder.path + "/restored")
    #expect(try ModelStore(directory: folder.path + "/restored").run(run.description).status == .failed)
    #expect(try store.run(run.description).status == .running)
  }
}
