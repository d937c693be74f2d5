/// The largest numbers that a stream may name, so that a few bytes can't claim gigabytes.
package struct BitsLimits: Sendable {
  package var lanes = 1 << 20
  /// A chunk's.
  package var startingWords = 1 << 24
  /// A chunk's.
  package var items = 1 << 24
  /// A stream's.
  package var chunks = 1 << 22
  package var rank = 8
  /// An item's.
  package var elements = 1 << 28

  package static let standard = BitsLimits()

  func checked(_ given: Int, _ field: String, _ range: ClosedRange<Int>) throws(CodingError) -> Int {
    guard range.contains(given) else {
      throw CodingError(.tooLarge, field, given: "\(given)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
    return given
  }
}
