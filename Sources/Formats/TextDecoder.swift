/// UTF-8 of a text that comes in pieces, in any encoding; a character may be cut between two of them.
package struct TextDecoder: Sendable {
  private let encoding: TextEncoding
  /// Of UTF-16, what begins a character that is not whole yet; and the bytes that say which byte comes first.
  private var rest: [UInt8] = []
  private var mark: [UInt8]?

  package init(_ encoding: TextEncoding) { self.encoding = encoding }

  package mutating func utf8(_ piece: [UInt8]) throws(FormatError) -> [UInt8] {
    guard encoding == .utf16 else { return try encoding.utf8(piece) }
    var bytes = rest + piece
    guard bytes.count >= 2 else {
      rest = bytes
      return []
    }
    if mark == nil {
      let start = Array(bytes.prefix(2))
      mark = start == [0xFE, 0xFF] || start == [0xFF, 0xFE] ? start : []
      bytes.removeFirst(mark?.count ?? 0)
    }
    let isBigEndian = mark == [0xFE, 0xFF]
    var whole = bytes.count & ~1
    // The first half of a pair waits for the second.
    if whole >= 2, bytes[isBigEndian ? whole - 2 : whole - 1] & 0xFC == 0xD8 { whole -= 2 }
    rest = Array(bytes[whole...])
    return try encoding.utf8((isBigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]) + bytes[..<whole])
  }

  /// Refuses a character that was never ended.
  package func finish() throws(FormatError) {
    guard rest.isEmpty else { throw FormatError(.text, .malformed, given: "bytes that are not UTF-16", expected: "text") }
  }
}
