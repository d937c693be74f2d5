import CResources
import Foundation
import Registry
import Testing

@Suite("Migrations")
struct MigrationsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the binary carries exactly the files of migrations/, sorted and byte for byte")
  func embedded() throws {
    let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    var expected: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: project.appendingPathComponent("migrations").path) {
      expected["migrations/" + name] = try Data(contentsOf: project.appendingPathComponent("migrations/" + name))
    }
    var names: [String] = []
    var actual: [String: Data] = [:]
    for index in 0..<embedded_resources_count {
      let resource = embedded_resource_at(index)
      let name = String(cString: resource.name)
      names.append(name)
      if name.hasPrefix("migrations/") { actual[name] = Data(bytes: resource.bytes, count: resource.count) }
    }
    #expect(!expected.isEmpty)
    #expect(actual == expected)
    #expect(names == names.sorted())
  }

  @Test("an empty folder becomes a store, whose files applied are on record by name")
  func empty() throws {
    let store = try ModelStore(directory: folder.unused() + "/deep/down")
    #expect(try store.fetch("SELECT identifier FROM grdb_migrations") == Migrations.all.map(\.name))
    #expect(try store.fetch("PRAGMA journal_mode") == ["wal"])
    #expect(try store.fetch("PRAGMA integrity_check") == ["ok"])
  }

  @Test("openings of a new store at the same moment all find it ready", arguments: 1...3)
  func openedAtOnce(_ round: Int) throws {
    let path = folder.unused()
    let errors = atOnce(8) { index in try ModelStore(directory: path).publish(bytes: [UInt8(index)], as: "m") }
    #expect(errors.isEmpty)
    #expect(try ModelStore(directory: path).model(named: "m").versions.count == 8)
  }

  @Test("opening a store again keeps what is in it")
  func reopened() throws {
    let path = folder.unused()
    let first = try ModelStore(directory: path).publish(bytes: [1, 2, 3], as: "m", alias: "live")
    #expect(try ModelStore(directory: path).resolve("m") == first.version)
  }

  @Test("a store that a newer build has migrated is refused and left as it was")
  func newer() throws {
    let path = folder.unused()
    try ModelStore(directory: path).execute("INSERT INTO grdb_migrations VALUES ('9999-from-the-future.sql')")
    let error = try #require(throws: StoreError.self) { try ModelStore(directory: path) }
    #expect(error == .newerStore(path: path + "/posterior.sqlite", migrations: ["9999-from-the-future.sql"]))
    #expect(error.description.contains("newer build"))
  }

  @Test("a file that is no database is named as the damage, and not touched")
  func notADatabase() throws {
    let path = folder.unused()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let text = Data(String(repeating: "this is not SQLite ", count: 100).utf8)
    try text.write(to: URL(fileURLWithPath: path + "/posterior.sqlite"))
    let error = try #require(throws: StoreError.self) { try ModelStore(directory: path) }
    guard case .corrupt(path + "/posterior.sqlite", _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/posterior.sqlite")) == text)
  }

  @Test("a file where the store's folder should be is refused")
  func fileInTheWay() throws {
    let path = folder.unused()
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(throws: StoreError.unusable(path: path, reason: "it is a file, not a folder")) { try ModelStore(directory: path) }
  }
}
