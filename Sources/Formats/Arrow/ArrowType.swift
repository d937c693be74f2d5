/// What the values of a column of an Arrow stream are: the types that are read and written here.
package enum ArrowType: Hashable, Sendable {
  case null
  case integer(bits: Int, isSigned: Bool)
  case float(bits: Int)
  case bool
  case text(isLarge: Bool)
  /// Days, or milliseconds of days, since 1970-01-01.
  case date(inMilliseconds: Bool)
  /// Steps since 1970-01-01T00:00:00: of UTC where there is a zone, of a clock on the wall where there is none.
  case timestamp(TimeUnit, zone: String?)

  package enum TimeUnit: Int, Hashable, Sendable {
    case second, millisecond, microsecond, nanosecond

    package var perSecond: Int64 {
      switch self {
      case .second: 1
      case .millisecond: 1_000
      case .microsecond: 1_000_000
      case .nanosecond: 1_000_000_000
      }
    }
  }

  package static let int64 = Self.integer(bits: 64, isSigned: true)
  package static let float32 = Self.float(bits: 32)
  package static let float64 = Self.float(bits: 64)
  package static let utf8 = Self.text(isLarge: false)
}

extension ArrowType: CustomStringConvertible {
  /// As pyarrow calls it.
  package var description: String {
    switch self {
    case .null: "null"
    case .integer(let bits, let isSigned): "\(isSigned ? "" : "u")int\(bits)"
    case .float(let bits): bits == 16 ? "halffloat" : bits == 32 ? "float" : "double"
    case .bool: "bool"
    case .text(let isLarge): isLarge ? "large_string" : "string"
    case .date(let inMilliseconds): inMilliseconds ? "date64[ms]" : "date32[day]"
    case .timestamp(let unit, let zone): "timestamp[\(["s", "ms", "us", "ns"][unit.rawValue])\(zone.map { ", tz=\($0)" } ?? "")]"
    }
  }
}

/// A column of a stream: its name, and the type of its values.
package struct ArrowField: Hashable, Sendable {
  package let name: String
  package let type: ArrowType
  /// Where the values stand in a dictionary, and rows name their places in it.
  let dictionary: Dictionary?

  struct Dictionary: Hashable, Sendable {
    let id: Int64
    let indexBits: Int
    let isSigned: Bool
  }

  package init(_ name: String, _ type: ArrowType) { self.init(name, type, dictionary: nil) }

  init(_ name: String, _ type: ArrowType, dictionary: Dictionary?) { (self.name, self.type, self.dictionary) = (name, type, dictionary) }

  /// What lies in the buffers of the column itself.
  var storage: ArrowType { dictionary.map { .integer(bits: $0.indexBits, isSigned: $0.isSigned) } ?? type }
}

extension FormatError {
  static func arrow(_ given: String, _ expected: String) -> FormatError { arrow(.malformed, given, expected) }

  static func arrow(_ reason: Reason, _ given: String, _ expected: String) -> FormatError {
    FormatError(.arrow, reason, given: given, expected: expected)
  }
}
