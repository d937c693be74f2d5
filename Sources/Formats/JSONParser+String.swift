extension JSONParser {
  /// RFC 8259 section 7.
  mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    var hasEscapes = false
    while next != UInt8(ascii: "\"") {
      // The end of the text reads as 0 here, which is refused with the other control characters.
      guard next >= 0x20 else { throw unexpected("the rest of a string") }
      if next == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    guard position - start <= limits.stringBytes else {
      throw tooLarge("a string of \(position - start) bytes", "at most \(limits.stringBytes)")
    }
    let raw = UnsafeBufferPointer(rebasing: bytes[start..<position])
    let end = position + 1
    let content = hasEscapes ? String(validating: try unescaped(raw, from: start), as: UTF8.self) : String(validating: raw, as: UTF8.self)
    guard let content else {
      position = start
      throw malformed("a string that is not UTF-8", "UTF-8")
    }
    position = end
    return content
  }

  private mutating func unescaped(_ raw: UnsafeBufferPointer<UInt8>, from start: Int) throws(JSONError) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      guard raw[index] == UInt8(ascii: "\\") else {
        content.append(raw[index])
        index += 1
        continue
      }
      position = start + index
      switch raw[index + 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(raw[index + 1])
      case UInt8(ascii: "b"): content.append(0x08)
      case UInt8(ascii: "f"): content.append(0x0C)
      case UInt8(ascii: "n"): content.append(0x0A)
      case UInt8(ascii: "r"): content.append(0x0D)
      case UInt8(ascii: "t"): content.append(0x09)
      case UInt8(ascii: "u"):
        guard var code = codeUnit(raw, at: index + 2) else { throw malformed("an escape without four hexadecimal digits", "\\uXXXX") }
        if (0xD800..<0xDC00).contains(code) {
          guard index + 7 < raw.count, raw[index + 6] == UInt8(ascii: "\\"), raw[index + 7] == UInt8(ascii: "u"),
            let low = codeUnit(raw, at: index + 8), (0xDC00..<0xE000).contains(low)
          else { throw malformed("half of a surrogate pair", "both halves") }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
          index += 6
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair", "both halves") }
        content.append(contentsOf: String(Character(scalar)).utf8)
        index += 4
      default: throw malformed("an unknown escape", "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
      }
      index += 2
    }
    return content
  }

  private func codeUnit(_ raw: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
    guard index + 4 <= raw.count else { return nil }
    var code: UInt32 = 0
    for byte in raw[index..<index + 4] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): code = code << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): code = code << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return code
  }
}
