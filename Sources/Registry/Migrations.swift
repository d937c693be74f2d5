import CResources
import Foundation
import GRDB

/// The schema's history: the files of `migrations/`, which travel in the binary; a file's name is its identifier.
package enum Migrations {
  /// In order of application. Sorted, because the names begin with numbers.
  package static let all: [(name: String, sql: String)] = {
    (0..<embedded_resources_count).compactMap { index in
      let resource = embedded_resource_at(index)
      let path = String(cString: resource.name)
      guard path.hasPrefix("migrations/") else { return nil }
      let sql = String(decoding: UnsafeBufferPointer(start: resource.bytes, count: resource.count), as: UTF8.self)
      return (String(path.dropFirst("migrations/".count)), sql)
    }.sorted { $0.name < $1.name }
  }()

  /// Brings a database of any earlier build up to this one.
  ///
  /// - Throws: `StoreError.newerStore` when a later build has already changed it.
  static func apply(to database: some DatabaseWriter, path: String) throws {
    let migrator = migrator
    try refuseNewer(database, migrator, path: path)
    try migrator.migrate(database)
  }

  /// For a read-only database: its schema must already be the one that this build expects.
  ///
  /// - Throws: `StoreError.newerStore`, `.olderStore`.
  static func requireCurrent(_ database: some DatabaseReader, path: String) throws {
    let migrator = migrator
    try refuseNewer(database, migrator, path: path)
    let missing = Set(all.map(\.name)).subtracting(try database.read { try migrator.appliedIdentifiers($0) })
    guard missing.isEmpty else { throw StoreError.olderStore(path: path, migrations: missing.sorted()) }
  }

  /// For a reader of nothing but tables that every build has.
  static func refuseNewer(_ database: some DatabaseReader, path: String) throws {
    try refuseNewer(database, migrator, path: path)
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for migration in all {
      migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
    }
    return migrator
  }

  private static func refuseNewer(_ database: some DatabaseReader, _ migrator: DatabaseMigrator, path: String) throws {
    let unknown = try database.read { try migrator.appliedIdentifiers($0) }.subtracting(all.map(\.name))
    guard unknown.isEmpty else { throw StoreError.newerStore(path: path, migrations: unknown.sorted()) }
  }
}
