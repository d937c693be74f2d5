/// Where the bytes of a stream lie; any part of them can be had alone.
package protocol BitsSource: Sendable {
  var byteCount: Int { get }

  /// - Parameter range: a part of `0..<byteCount`.
  /// - Throws: `CodingError` for a place that can't be read, with the reason `unreadable`.
  func bytes(in range: Range<Int>) throws(CodingError) -> [UInt8]
}

extension [UInt8]: BitsSource {
  package var byteCount: Int { count }

  package func bytes(in range: Range<Int>) -> [UInt8] { Array(self[range]) }
}
