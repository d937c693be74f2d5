/// The integer cdf of a distribution over some symbols, made from weights; room for one after the other.
struct Cumulative {
  /// The weights of all symbols before, in any unit.
  private var sums: [Double]
  private let others: Double
  private let precision: Int
  /// Slots that a weight of 1 is given.
  private var scale = 0.0

  init(symbols: Int, precision: Int) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: symbols)
    others = Double(1 << precision - symbols)
    sums = [Double](repeating: 0, count: symbols)
  }

  /// Gives each symbol a slot and shares the others by weight: start(k) = k + floor((2^precision - symbols) sum_{j < k} w_j / sum w).
  ///
  /// Sums of numbers that are not negative never fall, so no frequency is below 1, whatever rounding does; and nothing is left over to be corrected.
  /// - Parameter weigh: writes a weight for each symbol, at least 0 and finite, not all of them 0.
  @inline(__always)
  mutating func set(_ weigh: (UnsafeMutableBufferPointer<Double>) -> Void) {
    sums.withUnsafeMutableBufferPointer { sums in
      weigh(sums)
      var sum = 0.0
      for symbol in sums.indices { (sums[symbol], sum) = (sum, sum + sums[symbol]) }
      precondition(sum > 0 && sum.isFinite, "weights with the sum \(sum)")
      scale = others / sum
    }
  }

  func interval(of symbol: Int) -> Interval {
    Interval(start(symbol), upTo: symbol + 1 < sums.count ? start(symbol + 1) : 1 << UInt32(precision))
  }

  func symbol(holding slot: UInt32) -> (Int, Interval) {
    bin(holding: slot, of: sums.count, precision: precision, near: sums.count / 2, cdf: start)
  }

  @inline(__always)
  private func start(_ symbol: Int) -> UInt32 { UInt32(symbol) + UInt32(min(sums[symbol] * scale, others)) }
}
