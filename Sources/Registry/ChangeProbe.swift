import Foundation
import GRDB

/// Tells at once whether anybody has changed the database, without reading a table of it.
///
/// A connection of its own, which never writes: SQLite gives it another number after every change of any other connection, of this process or not
/// (https://www.sqlite.org/pragma.html#pragma_data_version). Asking takes some microseconds and waits for no writer.
final class ChangeProbe: Sendable {
  private let database: DatabaseQueue

  init(path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "registry, changes"
    database = try DatabaseQueue(path: path, configuration: configuration)
  }

  /// A number that stays as long as the database does.
  var version: Int {
    get throws {
      try database.unsafeRead { database in
        try Int.fetchOne(database.cachedStatement(sql: "PRAGMA data_version")) ?? 0
      }
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value { try database.read(body) }
}
