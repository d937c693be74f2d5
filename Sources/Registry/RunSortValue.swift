import Formats
import Foundation
import GRDB

/// What a run is sorted by, in SQLite's order: numbers, then texts byte by byte.
enum RunSortValue: Hashable, Comparable {
  case integer(Int64)
  case real(Double)
  case text(String)

  init?(_ value: DatabaseValue) {
    switch value.storage {
    case .int64(let integer): self = .integer(integer)
    case .double(let real): self = .real(real)
    case .string(let text): self = .text(text)
    case .null, .blob: return nil
    }
  }

  var sql: SQL {
    switch self {
    case .integer(let value): "\(value)"
    case .real(let value): "\(value)"
    case .text(let value): "\(value)"
    }
  }

  private var number: Double {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .text: .infinity
    }
  }

  static func < (one: RunSortValue, other: RunSortValue) -> Bool {
    switch (one, other) {
    case (.integer(let a), .integer(let b)): a < b
    case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.text, _): false
    case (_, .text): true
    default: one.number < other.number
    }
  }

  // MARK: - In a page token: no spaces

  var tokenText: String {
    switch self {
    case .integer(let value): "i\(value)"
    case .real(let value): "r\(String(value.bitPattern, radix: 16))"
    case .text(let value): "t\(Data(value.utf8).base64EncodedString())"
    }
  }

  init?(tokenText: String) {
    let rest = String(tokenText.dropFirst())
    switch tokenText.first {
    case "i":
      guard let value = Int64(rest) else { return nil }
      self = .integer(value)
    case "r":
      guard let bits = UInt64(rest, radix: 16) else { return nil }
      self = .real(Double(bitPattern: bits))
    case "t":
      guard let bytes = Data(base64Encoded: rest), let text = String(data: bytes, encoding: .utf8) else { return nil }
      self = .text(text)
    default: return nil
    }
  }
}
