/// An image as a picture: its extents, and which values are black and white.
package struct Picture: Sendable, Hashable {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// The raw values that are black and white.
  package let range: ClosedRange<Float>

  package var extents: (height: Int, width: Int, channels: Int) { (height, width, channels) }

  /// A raw value as one of 256 levels; one that isn't finite is black.
  package func sample(_ value: Float) -> UInt8 {
    guard value.isFinite else { return 0 }
    return UInt8(Swift.min(Swift.max(((value - range.lowerBound) / (range.upperBound - range.lowerBound) * 255).rounded(), 0), 255))
  }
}
