import CResources
import Foundation
import GRDB
import ModelFiles
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

  @Test("a store of the first schema keeps what is in it, and the last values of its metrics are known")
  func upgradedFromTheFirst() throws {
    let path = folder.unused()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let first = try #require(Migrations.all.first { $0.name == "0001-initial.sql" })
    let tables = ["blobs", "models", "versions", "aliases", "alias_history", "runs", "run_parameters", "run_metrics", "run_tags"]
    func rows(_ database: Database) throws -> [[Row]] { try tables.map { try Row.fetchAll(database, sql: "SELECT * FROM \($0) ORDER BY 1, 2") } }
    let before = try DatabaseQueue(path: path + "/posterior.sqlite").write { database in
      try database.execute(sql: first.sql)
      try database.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
      try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('0001-initial.sql')")
      let build = #"{"blas":"b","compiler":"c","cpu":"p","git_revision":"r"}"#
      try database.execute(sql: SchemaTests.initialFixture.replacingOccurrences(of: "'{}', '{}', 's'", with: "'{}', '\(build)', 's'"))
      try database.execute(
        sql: """
          INSERT INTO run_metrics VALUES (\(SchemaTests.run), 2, 'elbo', 1, 1, -235.25, \(SchemaTests.now)),
            (\(SchemaTests.run), 3, 'kl', 1, 1, NULL, \(SchemaTests.now));
          INSERT INTO run_tags VALUES (\(SchemaTests.run), 'team', 'x');
          -- Of a run that still runs, opening the store would make one that failed.
          UPDATE runs SET status = 'finished', finished_at = \(SchemaTests.now) WHERE status = 'running'
          """)
      return try rows(database)
    }
    let store = try ModelStore(directory: path)
    #expect(try store.fetch("SELECT identifier FROM grdb_migrations ORDER BY identifier") == Migrations.all.map(\.name))
    let after = try DatabaseQueue(path: path + "/posterior.sqlite").read(rows)
    for (table, (old, new)) in zip(tables, zip(before, after)) {
      // A later migration may add columns, and takes none away.
      let kept = new.map { row in
        Row(Dictionary(uniqueKeysWithValues: (old.first.map { Array($0.columnNames) } ?? []).map { ($0, row[$0] as DatabaseValue) }))
      }
      #expect(kept.map(\.asText) == old.map(\.asText), "\(table)")
    }
    #expect(try store.fetch("PRAGMA foreign_key_check").isEmpty)
    let run = try store.runs(RunFilter(predicate: try RunFilterParser.predicate("metrics.elbo = -235.25 and params.beta = 4"))).items
    #expect(run.map(\.id.description) == [String(SchemaTests.run.dropFirst().dropLast())])
    #expect(try store.latestMetrics(of: run[0].id).map(\.sequence) == [2, 3])
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

extension Row {
  /// Columns by name with their values, whatever the order of the columns.
  fileprivate var asText: [String] { columnNames.sorted().map { "\($0)=\(self[$0] as DatabaseValue)" } }
}
