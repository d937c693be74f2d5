internal import Foundation

/// The times of a Poisson process: independent exponential gaps, the same for the same seed.
///
/// Requests that come when they come, whether or not earlier ones were answered, are what many users make together.
package struct PoissonArrivals: Sequence, IteratorProtocol, Sendable {
  private let meanGap: Double
  private var time = 0.0
  private var state: UInt64

  /// - Parameter rate: arrivals a second.
  package init(rate: Double, seed: UInt64) {
    precondition(rate > 0 && rate.isFinite, "\(rate) arrivals a second")
    meanGap = 1e9 / rate
    state = seed
  }

  /// The next arrival, in nanoseconds from the start.
  package mutating func next() -> Int? {
    // -ln(1 - u) is exponential for u uniform in [0, 1).
    time -= log1p(-uniform()) * meanGap
    return Int(time)
  }

  /// SplitMix64 (Steele, Lea & Flood 2014), its upper 53 bits as a fraction.
  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ z >> 31) >> 11) * 0x1p-53
  }
}
