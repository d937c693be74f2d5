import Foundation
import GRDB
import Registry
import Testing

/// A store of every earlier build, with something in each table, opened by this one.
@Suite("Upgrading")
struct UpgradeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What a store of 0001 may hold: one row or more of each of its tables.
  static let initial = """
    \(SchemaTests.initialFixture)
    INSERT INTO run_tags VALUES (\(SchemaTests.run), 'purpose', 'test');
    """

  @Test("a store of 0001 keeps every row of every table, and takes what is new")
  func initial() throws {
    let path = folder.unused() + "/old"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let before = try Self.build(path: path, migrations: 1, content: Self.initial)
    #expect(before.count >= 10 && before.values.allSatisfy { !$0.isEmpty }, "the fixture has something in each table: \(before.keys.sorted())")

    let store = try ModelStore(directory: path)
    // The run's process is gone, so that opening the store ends it; all else is as it was.
    var expected = before
    expected["runs"] = nil
    for (table, rows) in expected { #expect(try Self.rows(path: path, table: table, columns: rows[0].map(\.0)) == rows.map { $0.map(\.1) }) }
    #expect(try store.fetch("SELECT id FROM runs ORDER BY id").count == before["runs"]?.count)
    #expect(try store.fetch("PRAGMA integrity_check") == ["ok"] && store.fetch("SELECT * FROM pragma_foreign_key_check").isEmpty)

    let model = try store.model(named: "m")
    #expect(model.versions.map(\.version) == [1] && model.live?.version == 1)
    #expect(model.tags.isEmpty && model.versions[0].tags.isEmpty && model.versions[0].description.isEmpty)
    #expect(try store.aliasHistory("live", of: "m").map(\.key) == [nil])
    #expect(try store.annotate("m", Annotation(tags: ["team": "vision"]), actor: "me").tags == ["team": "vision"])
    #expect(try store.createKey(named: "k", scopes: [.infer], actor: "me").key.state(at: .now) == .active)
    #expect(try store.changes().items.count == 2)
    #expect(try store.publish(bytes: [1], as: "m").version.version == 2)
  }

  @Test("a store of 0002 keeps every row of every table, and records inference")
  func keysAndAnnotations() throws {
    let path = folder.unused() + "/old"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let before = try Self.build(
      path: path, migrations: 2, content: SchemaTests.fixture + "INSERT INTO run_tags VALUES (\(SchemaTests.run), 'purpose', 'test');")
    #expect(before.count >= 15 && before.values.allSatisfy { !$0.isEmpty }, "the fixture has something in each table: \(before.keys.sorted())")

    let store = try ModelStore(directory: path)
    var expected = before
    expected["runs"] = nil
    for (table, rows) in expected {
      #expect(try Self.rows(path: path, table: table, columns: rows[0].map(\.0)) == rows.map { $0.map(\.1) }, "\(table)")
    }
    #expect(try store.fetch("PRAGMA integrity_check") == ["ok"] && store.fetch("SELECT * FROM pragma_foreign_key_check").isEmpty)
    #expect(try store.fetch("SELECT count(*) FROM inferences") == ["0"])
    #expect(try store.fetch("SELECT value FROM run_latest_metrics WHERE name = 'elbo'") == ["-240.5"])
  }

  @Test("a store of 0003 keeps every row of every table, and takes documents")
  func recordedInference() throws {
    let path = folder.unused() + "/old"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let before = try Self.build(path: path, migrations: 3, content: SchemaTests.fixture)
    // A check of a store, or of a backup, that an earlier build wrote.
    #expect(try StoreCheck(directory: path).findings.allSatisfy { !$0.detail.contains("run_documents") })
    let store = try ModelStore(directory: path)
    for (table, rows) in before where table != "runs" && !rows.isEmpty {
      #expect(try Self.rows(path: path, table: table, columns: rows[0].map(\.0)) == rows.map { $0.map(\.1) }, "\(table)")
    }
    #expect(try store.fetch("PRAGMA integrity_check") == ["ok"] && store.fetch("SELECT * FROM pragma_foreign_key_check").isEmpty)
    #expect(try store.fetch("SELECT count(*) FROM run_documents") == ["0"])
    let run = try store.start(.small)
    try store.attach("a", mediaType: "text/plain", bytes: [1], to: run)
    #expect(try store.documents(of: run).map(\.name) == ["a"])
  }

  /// Writes the database as the first builds did, and returns its tables.
  private static func build(path: String, migrations count: Int, content: String) throws -> [String: [[(String, DatabaseValue)]]] {
    let database = try DatabaseQueue(path: path + "/posterior.sqlite")
    try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
    var migrator = DatabaseMigrator()
    for migration in Migrations.all.prefix(count) { migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) } }
    try migrator.migrate(database)
    try database.write { try $0.execute(sql: content) }
    return try database.read { database in
      let names = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%migrations'")
      return try names.reduce(into: [:]) { tables, name in
        tables[name] = try Row.fetchAll(database, sql: "SELECT * FROM \(name) ORDER BY 1, 2").map { row in row.map { ($0.0, $0.1) } }
      }
    }
  }

  private static func rows(path: String, table: String, columns: [String]) throws -> [[DatabaseValue]] {
    try DatabaseQueue(path: path + "/posterior.sqlite").read { database in
      try Row.fetchAll(database, sql: "SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY 1, 2").map { Array($0.databaseValues) }
    }
  }
}
