import Foundation
import GRDB

extension StoreError {
  /// The last system call's `errno`, said about the file or folder that it was for.
  init(errno code: Int32, path: String) {
    switch code {
    case ENOSPC, EDQUOT: self = .diskFull(path: path)
    case EROFS, EACCES, EPERM: self = .readOnly(path: path)
    default: self = .unusable(path: path, reason: String(cString: strerror(code)))
    }
  }

  /// SQLite's result codes (https://www.sqlite.org/rescode.html).
  init(_ error: DatabaseError, path: String) {
    switch error.extendedResultCode {
    // The shared-memory index of the write-ahead log can't grow: SQLite has no code of its own for a full disk there.
    case .SQLITE_IOERR_SHMSIZE: self = .diskFull(path: path)
    default:
      switch error.resultCode {
      case .SQLITE_FULL: self = .diskFull(path: path)
      case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(path: path)
      case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path)
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, reason: error.message ?? "not a database")
      case .SQLITE_CONSTRAINT: self = .refused(reason: error.message ?? "a rule of the schema")
      default: self = .unusable(path: path, reason: error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
      }
    }
  }

  /// Runs `body`, saying SQLite's errors as the store's; all others pass.
  static func translating<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StoreError(error, path: path)
    }
  }
}
