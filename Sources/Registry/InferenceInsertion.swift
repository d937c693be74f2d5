import Formats
import GRDB
import GRDBSQLite
internal import ModelFiles

/// The statement that writes a recorded request, bound by hand.
///
/// There are thousands a second: to box every value of a row for GRDB costs half as much again as what SQLite does with it.
struct InferenceInsertion {
  private let statement: OpaquePointer
  private let connection: OpaquePointer?
  /// Texts and digests of the record in hand, one after the other.
  private var bytes: [UInt8] = []
  private var values: [Value] = []

  private enum Value {
    case null
    case integer(Int64)
    case text(Range<Int>)
    case blob(Range<Int>)
  }

  /// For use within the transaction that is open.
  init(_ database: Database) throws {
    statement = try database.cachedStatement(
      sql: """
        INSERT INTO inferences (id, engine, model, version, operation, http_status, latency_us, parameters, seed, items, input_digest, input_type,
          output_digest, output_type, failure, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).sqliteStatement
    connection = database.sqliteConnection
  }

  /// - Throws: `DatabaseError`; only this row is then missing.
  mutating func execute(_ record: InferenceRecord, engine: Int64) throws {
    bytes.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    // In the order of the columns above.
    add(record.id.description)
    add(Int(engine))
    add(record.model)
    add(record.version)
    add(record.operation)
    add(record.status)
    add(record.microseconds)
    add(record.options?.parameters)
    add(record.options?.seed)
    add(record.options?.items)
    add(record.input?.digest)
    add(record.input?.type)
    add(record.output?.digest)
    add(record.output?.type)
    add(record.failure)
    add(record.trace)
    let code = bytes.withUnsafeBytes { bytes in
      for (index, value) in values.enumerated() { bind(value, of: bytes, at: Int32(index + 1)) }
      defer {
        sqlite3_reset(statement)
        // The bytes are lent for this call alone.
        sqlite3_clear_bindings(statement)
      }
      return sqlite3_step(statement)
    }
    guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message) }
  }

  private var message: String? { connection.map { String(cString: sqlite3_errmsg($0)) } }

  private mutating func add(_ number: Int?) { values.append(number.map { .integer(Int64($0)) } ?? .null) }

  private mutating func add(_ text: String?) {
    guard let text else { return values.append(.null) }
    let start = bytes.count
    bytes.append(contentsOf: text.utf8)
    values.append(.text(start..<bytes.count))
  }

  private mutating func add(_ digest: Digest?) {
    guard let digest else { return values.append(.null) }
    let start = bytes.count
    bytes.append(contentsOf: digest.bytes)
    values.append(.blob(start..<bytes.count))
  }

  private func bind(_ value: Value, of bytes: UnsafeRawBufferPointer, at index: Int32) {
    let code =
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let number): sqlite3_bind_int64(statement, index, number)
      case .text(let range):
        sqlite3_bind_text(
          statement, index, bytes.baseAddress.map { ($0 + range.lowerBound).assumingMemoryBound(to: CChar.self) }, Int32(range.count), nil)
      case .blob(let range): sqlite3_bind_blob(statement, index, bytes.baseAddress.map { $0 + range.lowerBound }, Int32(range.count), nil)
      }
    precondition(code == SQLITE_OK, "SQLite refused value \(index) of a record: \(code)")
  }
}
