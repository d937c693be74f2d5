import GRDB
import Locking
import Logging

/// The newest catalogue that this process knows, swapped whole when the database changes.
final class LiveCatalogue: Sendable {
  private let database: any DatabaseReader
  private let blobs: BlobFolder
  private let logger: Logger
  private let latest: Protected<Catalogue>

  init(_ database: any DatabaseReader, blobs: BlobFolder, logger: Logger) throws {
    self.database = database
    self.blobs = blobs
    self.logger = logger
    latest = Protected(try database.read { try Catalogue($0, blobs: blobs) })
  }

  var current: Catalogue { latest.withLock { $0 } }

  /// Whoever comes late with an older catalogue changes nothing.
  func install(_ catalogue: Catalogue) {
    latest.withLock { if catalogue.generation > $0.generation { $0 = catalogue } }
  }

  /// Looks every `interval` whether another process changed the database, until the task is cancelled.
  ///
  /// While nothing changes one look is one row of one small table.
  func poll(every interval: Duration) async {
    var isFailing = false
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: interval)
        try await refresh()
        isFailing = false
      } catch is CancellationError {
        return
      } catch {
        // The last good catalogue stays in use. Said once, not four times a second.
        if !isFailing { logger.error("the registry can't be read, models stay as last seen", metadata: ["error": "\(error)"]) }
        isFailing = true
      }
    }
  }

  /// Looks now, for who found out that what is in memory is no longer true.
  func refreshNow() throws {
    install(try database.read { [blobs] in try Catalogue($0, blobs: blobs) })
  }

  private func refresh() async throws {
    let known = current.generation
    let newer = try await database.read { [blobs] database -> Catalogue? in
      guard try Catalogue.generation(database) != known else { return nil }
      return try Catalogue(database, blobs: blobs)
    }
    if let newer { install(newer) }
  }
}
