/// What a client has to know of an answer's head to find where the answer ends.
struct ResponseHead {
  private(set) var status = 0
  private(set) var length: Int?
  private(set) var isChunked = false
  private(set) var keepsAlive: Bool

  /// - Parameter bytes: status line and fields with the empty line after them.
  init(_ bytes: [UInt8]) throws(ResponseError) {
    // HTTP/1.1 200 OK
    guard bytes.count >= 13, bytes.starts(with: "HTTP/1.".utf8), bytes[8] == UInt8(ascii: " ") else { throw .malformed("no HTTP/1 status line") }
    for digit in bytes[9..<12] {
      guard (0x30...0x39).contains(digit) else { throw .malformed("a status that is no number") }
      status = 10 * status + Int(digit - 0x30)
    }
    guard status >= 100 else { throw .malformed("the status \(status)") }
    keepsAlive = bytes[7] != UInt8(ascii: "0")
    guard var start = bytes.firstIndex(of: 0x0A) else { return }
    start += 1
    while start < bytes.count, let end = bytes[start...].firstIndex(of: 0x0A) {
      try read(bytes[start..<end])
      start = end + 1
    }
  }

  private mutating func read(_ field: ArraySlice<UInt8>) throws(ResponseError) {
    guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { return }
    let name = field[..<colon]
    func value() -> String {
      // Blanks at either end, and the carriage return, belong to no value (RFC 9112 §5.1).
      let outside: Set<UInt8> = [0x20, 0x09, 0x0D]
      var bytes = field[(colon + 1)...].drop(while: outside.contains)
      while let last = bytes.last, outside.contains(last) { bytes.removeLast() }
      return String(decoding: bytes, as: UTF8.self).lowercased()
    }
    // By length first: most fields are none of these.
    switch name.count {
    case 10 where name.isNamed("connection"):
      let value = value()
      if value.contains("close") { keepsAlive = false }
      if value.contains("keep-alive") { keepsAlive = true }
    case 14 where name.isNamed("content-length"):
      let text = value()
      guard let number = Int(text), number >= 0, length == nil || length == number else { throw .malformed("the length \"\(text)\"") }
      length = number
    case 17 where name.isNamed("transfer-encoding"):
      let text = value()
      guard text == "chunked" else { throw .malformed("the transfer coding \"\(text)\"") }
      isChunked = true
    default: break
    }
  }
}

extension ArraySlice<UInt8> {
  /// Whether the bytes are `name`, which is lower-case, in any case.
  fileprivate func isNamed(_ name: StaticString) -> Bool {
    count == name.utf8CodeUnitCount && enumerated().allSatisfy { $1 | 0x20 == name.utf8Start[$0] | 0x20 }
  }
}
