/// The ASCII that HTTP's grammar is written in (RFC 5234 appendix B, RFC 9110 §5.6).
extension UInt8 {
  static let tab = UInt8(ascii: "\t")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let percent = UInt8(ascii: "%")
  static let comma = UInt8(ascii: ",")
  static let slash = UInt8(ascii: "/")
  static let colon = UInt8(ascii: ":")
  static let semicolon = UInt8(ascii: ";")
  static let questionMark = UInt8(ascii: "?")

  var isDigit: Bool { self >= 0x30 && self <= 0x39 }
  var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7A }
  var isBlank: Bool { self == .space || self == .tab }

  var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

  /// The value of a hexadecimal digit.
  var hexDigit: Int? {
    switch self {
    case 0x30...0x39: Int(self) - 0x30
    case 0x41...0x46: Int(self) - 0x41 + 10
    case 0x61...0x66: Int(self) - 0x61 + 10
    default: nil
    }
  }

  /// tchar (RFC 9110 §5.6.2).
  var isTokenByte: Bool {
    if isLetter || isDigit { return true }
    return switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// field-vchar, SP or HTAB (RFC 9110 §5.5); control bytes, NUL and DEL are not.
  var isFieldByte: Bool { self >= 0x20 && self != 0x7F || self == .tab }

  /// unreserved or sub-delims (RFC 3986 §2.2, §2.3).
  private var isUnreservedOrSubDelimiter: Bool {
    if isLetter || isDigit { return true }
    return switch self {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// pchar, or the % that starts an encoded byte (RFC 3986 §3.3).
  var isPathByte: Bool { isUnreservedOrSubDelimiter || self == .colon || self == UInt8(ascii: "@") || self == .percent }

  /// Query characters (RFC 3986 §3.4), and the square brackets and bar that browsers send unencoded.
  var isQueryByte: Bool {
    isPathByte || self == .slash || self == .questionMark || self == UInt8(ascii: "[") || self == UInt8(ascii: "]") || self == UInt8(ascii: "|")
  }

  /// A byte of a host's name that is not percent-encoded (RFC 3986 §3.2.2); a comma would hide a joined pair of Host fields.
  var isNameByte: Bool { isUnreservedOrSubDelimiter && self != .comma }
}

extension Span<UInt8> {
  /// Whether the bytes spell `text`, which is lower-case ASCII, in any case.
  func spells(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count where self[index].lowercased != text.utf8Start[index] { return false }
    return true
  }

  /// `range` without the spaces and tabs at either end; no other byte is white space (RFC 9110 §5.6.3).
  func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    var index = start
    while index < count {
      if self[index] == byte { return index }
      index += 1
    }
    return nil
  }

  /// The bytes as text; nil unless they are valid UTF-8 (no overlong forms, no surrogates).
  var utf8Text: String? {
    withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
  }

  /// The bytes as text, bytes that are not UTF-8 replaced.
  var repairedText: String {
    withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
