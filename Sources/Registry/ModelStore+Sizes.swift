import Foundation
import GRDB

extension ModelStore {
  /// Bytes on disk.
  package struct Sizes: Hashable, Sendable {
    /// The database with its log.
    package let database: Int
    /// Models, data sets and files of runs.
    package let files: Int
  }

  package func sizes() throws -> Sizes {
    let database = ["", "-wal"].reduce(0) { sum, ending in
      var status = stat()
      return sum + (stat(databasePath + ending, &status) == 0 ? Int(status.st_size) : 0)
    }
    return Sizes(database: database, files: try read { try Int.fetchOne($0, sql: "SELECT sum(byte_count) FROM blobs") ?? 0 })
  }
}
