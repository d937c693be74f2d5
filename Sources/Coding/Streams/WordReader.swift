internal import Formats

/// The inverse of `WordWriter` over some part of a stream; a part that ends too early is an error.
struct WordReader {
  let stream: [UInt8]
  let end: Int
  let field: String
  private(set) var place: Int
  /// The checksum of what comes before the part that a checksum covers.
  var checksum: UInt32 = 0

  init(_ stream: [UInt8], _ range: Range<Int>, _ field: String, checksum: UInt32 = 0) {
    self.stream = stream
    self.field = field
    self.checksum = checksum
    (place, end) = (range.lowerBound, range.upperBound)
  }

  var remaining: Int { end - place }

  mutating func bytes(_ count: Int) throws(CodingError) -> ArraySlice<UInt8> {
    guard count <= remaining else { throw CodingError(.malformed, field, given: "\(remaining) bytes", expected: "\(count) at least") }
    defer { place += count }
    return stream[place..<place + count]
  }

  mutating func next<Word: FixedWidthInteger>(_ type: Word.Type) throws(CodingError) -> Word {
    try bytes(MemoryLayout<Word>.size).withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(as: Word.self)) }
  }

  /// Reads a checksum, which is of everything from `start` up to it.
  mutating func checkSum(since start: Int) throws(CodingError) {
    var computed = CRC32C(after: checksum)
    computed.update(stream[start..<place])
    let written = try next(UInt32.self)
    guard written == computed.value else {
      throw CodingError(.damaged, field, given: "bytes with the CRC-32C \(computed.value)", expected: "\(written), as it says itself")
    }
  }
}
