import GRDB
import Locking

/// A part of the database as it was at one moment, in memory: requests are answered from it without SQL.
protocol Snapshot: Sendable {
  /// Counts the changes in the database; of two snapshots the one with the greater number is the newer.
  var generation: Int { get }

  /// One row of one small table.
  static func generation(_ database: Database) throws -> Int
}

/// The newest snapshot that this process knows, swapped whole when the database changes.
final class Live<Content: Snapshot>: Sendable {
  private let database: any DatabaseReader
  private let load: @Sendable (Database) throws -> Content
  private let latest: Protected<Content>

  init(_ database: any DatabaseReader, load: @escaping @Sendable (Database) throws -> Content) throws {
    self.database = database
    self.load = load
    latest = Protected(try database.read(load))
  }

  var current: Content { latest.withLock { $0 } }

  /// Whoever comes late with an older snapshot changes nothing.
  func install(_ content: Content) {
    latest.withLock { if content.generation > $0.generation { $0 = content } }
  }

  /// Reads again what another process has changed; while nothing changes that is one row.
  func refresh() async throws {
    let known = current.generation
    let newer = try await database.read { [load] database -> Content? in
      guard try Content.generation(database) != known else { return nil }
      return try load(database)
    }
    if let newer { install(newer) }
  }

  /// Reads again at once, for a caller that found the copy in memory out of date.
  func reload() throws { install(try database.read(load)) }
}
