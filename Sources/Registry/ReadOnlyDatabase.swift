import Foundation
import GRDB

/// Opens a store's database without being able to change it.
enum ReadOnlyDatabase {
  /// - Throws: `StoreError.unusable` where there is none, or where the disk is read-only and the write-ahead log holds changes.
  static func open(in directory: String, busyTimeout: Double = 10) throws -> DatabaseQueue {
    let path = directory + "/posterior.sqlite"
    guard access(path, F_OK) == 0 else {
      throw StoreError.unusable(path: path, reason: errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)))
    }
    return try StoreError.translating(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(busyTimeout)
      configuration.label = "registry, read-only"
      do {
        return try probed(DatabaseQueue(path: path, configuration: configuration))
      } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
        // A write-ahead log needs an index beside it, which a read-only disk does not take. Without changes in the log the file itself is all there is.
        guard (try? FileManager.default.attributesOfItem(atPath: path + "-wal"))?[.size] as? Int ?? 0 == 0 else {
          throw StoreError.unusable(
            path: path,
            reason: "its write-ahead log holds changes, which can't be read on a read-only disk; copy the store with posterior store backup")
        }
        return try probed(DatabaseQueue(path: immutableURI(path), configuration: configuration))
      }
    }
  }

  /// SQLite opens a file only when something is read from it.
  private static func probed(_ database: DatabaseQueue) throws -> DatabaseQueue {
    _ = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }
    return database
  }

  /// SQLite's promise that nobody changes the file (https://www.sqlite.org/uri.html): no locks, no log.
  private static func immutableURI(_ path: String) throws -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "/-._~")
    guard let encoded = path.addingPercentEncoding(withAllowedCharacters: allowed) else {
      throw StoreError.unusable(path: path, reason: "its name is not UTF-8")
    }
    return "file:\(encoded)?immutable=1"
  }
}
