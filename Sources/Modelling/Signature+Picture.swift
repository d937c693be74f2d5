extension Signature {
  /// What the numbers of an item show where it is a picture; nil for other kinds.
  package var picture: Picture? {
    guard let image, let range else { return nil }
    return Picture(height: image.height, width: image.width, channels: image.channels, range: range[0]...range[1])
  }

  package struct Picture: Sendable, Equatable {
    package let height: Int
    package let width: Int
    package let channels: Int
    /// The raw values that are black and white.
    package let range: ClosedRange<Float>

    /// A raw value as one of 256 levels; one that isn't finite is black.
    package func sample(_ value: Float) -> UInt8 {
      guard value.isFinite else { return 0 }
      return UInt8(Swift.min(Swift.max(((value - range.lowerBound) / (range.upperBound - range.lowerBound) * 255).rounded(), 0), 255))
    }
  }
}
