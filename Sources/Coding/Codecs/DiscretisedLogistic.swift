/// Independent integers, each the bin of a number with a logistic distribution of its own. The first and the last bin hold all that lies beyond them.
package struct DiscretisedLogistic: Codec {
  /// Bins of one width: bin k holds what lies between lower + k width and lower + (k + 1) width.
  package struct Bins: Sendable, Equatable {
    package let lower: Double
    package let width: Double
    package let count: Int

    package init(lower: Double, width: Double, count: Int) throws(CodingError) {
      guard lower.isFinite, width.isFinite, width > 0, count >= 1, abs(lower) < 1e100, width * Double(count) < 1e100 else {
        throw CodingError(.parameter, "bins", given: "\(count) of width \(width) from \(lower)", expected: "at least one, finite, of a width above 0")
      }
      self.lower = lower
      self.width = width
      self.count = count
    }

    /// Bytes as 256 bins of [-1/2, 1/2].
    package static let bytes = Bins(lower: -0.5, width: 1.0 / 256)

    private init(lower: Double, width: Double) { (self.lower, self.width, count) = (lower, width, 256) }
  }

  package let bins: Bins
  package let precision: Int
  private let means: [Float]
  private let scales: [Float]

  package init(bins: Bins, means: [Float], scales: [Float], precision: Int = 24) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: bins.count)
    try Parameters.checked(scales.count, of: "scales", beside: means.count)
    self.means = try Parameters.checked(means, "means")
    self.scales = try Parameters.positive(scales, "scales")
    self.bins = bins
  }

  package var count: Int { means.count }

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: count)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard symbols[i] >= 0, symbols[i] < bins.count else { throw outside(symbols[i], at: i, of: bins.count) }
      return Interval(cdf(symbols[i], at: i), upTo: cdf(symbols[i] + 1, at: i))
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: count)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      let interval: Interval
      (symbols[i], interval) = bin(holding: slot, of: bins.count, precision: precision, near: guess(slot, at: i)) { cdf($0, at: i) }
      return interval
    }
    return symbols
  }

  /// One slot for each bin before the edge, and the mass below the edge out of the others.
  private func cdf(_ edge: Int, at index: Int) -> UInt32 {
    guard edge > 0 else { return 0 }
    guard edge < bins.count else { return 1 << UInt32(precision) }
    let z = (bins.lower + bins.width * Double(edge) - Double(means[index])) / Double(scales[index])
    return UInt32(edge) + UInt32(Logistic.cdf(z) * Double(1 << precision - bins.count) + 0.5)
  }

  private func guess(_ slot: UInt32, at index: Int) -> Int {
    let z = Logistic.quantile((Double(slot) + 0.5) / Double(1 << precision))
    let place = (Double(means[index]) + Double(scales[index]) * z - bins.lower) / bins.width
    return Int(min(max(place, 0), Double(bins.count - 1)))
  }
}
