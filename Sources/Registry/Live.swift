import GRDB
import Locking

/// A part of the database as it was at one moment, in memory: requests are answered from it without SQL.
protocol Snapshot: Sendable {
  /// Counts the changes in the database; of two snapshots the one with the greater number is the newer.
  var generation: Int { get }

  /// One row of one small table.
  static func generation(_ database: Database) throws -> Int
}

/// The newest snapshot of the database, swapped whole when that changes.
final class Live<Content: Snapshot>: Sendable {
  private let database: any DatabaseReader
  private let probe: ChangeProbe?
  private let load: @Sendable (Database) throws -> Content
  private let latest: Protected<Content>
  /// The number that the probe gave before the snapshot was last found to be the newest.
  private let checked = Protected<Int?>(nil)

  /// - Parameter probe: tells of changes that other processes make; nil where there are none.
  init(_ database: any DatabaseReader, _ probe: ChangeProbe?, load: @escaping @Sendable (Database) throws -> Content) throws {
    self.database = database
    self.probe = probe
    self.load = load
    latest = Protected(try database.read(load))
  }

  /// What the database holds now, whoever wrote it. Where it does not answer, what was read last: the poller says so in the log.
  var current: Content {
    try? catchUp()
    return latest.withLock { $0 }
  }

  private func catchUp() throws {
    guard let probe else { return }
    // The number first: what changes after it has another one.
    let version = try probe.version
    guard checked.withLock({ $0 != version }) else { return }
    let known = latest.withLock { $0.generation }
    // Most changes are of runs.
    if try probe.read(Content.generation) != known { install(try probe.read(load)) }
    checked.withLock { $0 = version }
  }

  /// Whoever comes late with an older snapshot changes nothing.
  func install(_ content: Content) {
    latest.withLock { if content.generation > $0.generation { $0 = content } }
  }

  /// Reads again what another process has changed; while nothing changes that is one row.
  func refresh() async throws {
    let known = latest.withLock { $0.generation }
    let newer = try await database.read { [load] database -> Content? in
      guard try Content.generation(database) != known else { return nil }
      return try load(database)
    }
    if let newer { install(newer) }
  }

  /// Reads again at once, for a caller that found the copy in memory out of date.
  func reload() throws { install(try database.read(load)) }
}
