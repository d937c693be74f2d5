extension CSVOptions {
  /// The byte that parts the fields of a header: the comma, semicolon or tab that it has most of outside quotes, a comma where it has none.
  package static func delimiter(of bytes: [UInt8]) -> UInt8 {
    let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    var counts = [0, 0, 0]
    var isQuoted = false
    for byte in bytes {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard !isQuoted else { continue }
      if byte == UInt8(ascii: "\n") { break }
      if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    return candidates[counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }]
  }
}
