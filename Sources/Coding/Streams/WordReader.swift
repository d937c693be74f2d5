internal import Formats

/// The inverse of `WordWriter` over some part of a stream; a part that ends too early is an error.
struct WordReader {
  private let part: [UInt8]
  private let field: String
  private(set) var place = 0
  /// The checksum of what comes before the part that a checksum covers.
  var checksum: UInt32 = 0

  init(_ part: [UInt8], _ field: String, checksum: UInt32 = 0) { (self.part, self.field, self.checksum) = (part, field, checksum) }

  var remaining: Int { part.count - place }

  mutating func bytes(_ count: Int) throws(CodingError) -> ArraySlice<UInt8> {
    guard count <= remaining else { throw CodingError(.malformed, field, given: "\(remaining) bytes", expected: "\(count) at least") }
    defer { place += count }
    return part[place..<place + count]
  }

  mutating func next<Word: FixedWidthInteger>(_ type: Word.Type) throws(CodingError) -> Word {
    try bytes(MemoryLayout<Word>.size).withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(as: Word.self)) }
  }

  /// Reads a checksum, which is of everything before it.
  mutating func checkSum() throws(CodingError) {
    var computed = CRC32C(after: checksum)
    computed.update(part[..<place])
    let written = try next(UInt32.self)
    guard written == computed.value else {
      throw CodingError(.damaged, field, given: "bytes with the CRC-32C \(computed.value)", expected: "\(written), as it says itself")
    }
  }
}
