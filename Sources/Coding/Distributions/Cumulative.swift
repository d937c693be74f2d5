/// The integer cdfs of eight distributions over some symbols, made from weights; room for eight after the other.
///
/// Eight, because sums and products of one distribution wait for each other. A distribution doesn't depend on those beside it.
struct Cumulative {
  static let lanes = 8

  /// The weights of all symbols before, in any unit.
  private var sums: [SIMD8<Double>]
  private let others: Double
  private let precision: Int
  /// Slots that a weight of 1 is given.
  private var scales = SIMD8<Double>()

  init(symbols: Int, precision: Int) throws(CodingError) {
    self.precision = try Precision.checked(precision, symbols: symbols)
    others = Double(1 << precision - symbols)
    sums = [SIMD8<Double>](repeating: SIMD8(), count: symbols)
  }

  /// Gives each symbol a slot and shares the others by weight: start(k) = k + floor((2^precision - symbols) sum_{j < k} w_j / sum w).
  ///
  /// Sums of numbers that are not negative never fall, so no frequency is below 1, whatever rounding does; and nothing is left over to be corrected.
  /// - Parameter weigh: writes a weight for each symbol, at least 0 and finite, not all of them 0.
  @inline(__always)
  mutating func set(_ weigh: (UnsafeMutableBufferPointer<SIMD8<Double>>) -> Void) {
    sums.withUnsafeMutableBufferPointer { sums in
      weigh(sums)
      var sum = SIMD8<Double>()
      for symbol in 0..<sums.count {
        let weight = sums[symbol]
        sums[symbol] = sum
        sum += weight
      }
      precondition(all(sum .> 0) && all(sum .< .infinity), "weights with the sums \(sum)")
      scales = others / sum
    }
  }

  func interval(of symbol: Int, lane: Int) -> Interval {
    withStarts(lane) { start in Interval(start(symbol), upTo: symbol + 1 < sums.count ? start(symbol + 1) : 1 << UInt32(precision)) }
  }

  func symbol(holding slot: UInt32, lane: Int) -> (Int, Interval) {
    withStarts(lane) { start in bin(holding: slot, of: sums.count, precision: precision, near: sums.count / 2, cdf: start) }
  }

  /// The integer cdf of one of the distributions.
  @inline(__always)
  private func withStarts<Result>(_ lane: Int, _ body: ((Int) -> UInt32) -> Result) -> Result {
    let (scale, others) = (scales[lane], others)
    return sums.withUnsafeBytes { sums in
      let sums = sums.assumingMemoryBound(to: Double.self)
      return body { symbol in UInt32(symbol) + UInt32(min(sums[symbol * Self.lanes + lane] * scale, others)) }
    }
  }
}
