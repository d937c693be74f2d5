internal import Foundation

/// Φ⁻¹, the quantile of the standard normal distribution, by bisection of erfc: p in (0, 1); ∓∞ at the ends.
package func normalQuantile(_ p: Double) -> Double {
  if p <= 0 { return -.infinity }
  if p >= 1 { return .infinity }
  // The tail below ½ keeps its digits.
  if p > 0.5 { return -normalQuantile(1 - p) }
  return bisected(-40...0) { 0.5 * erfc(-$0 / 2.0.squareRoot()) >= p }
}

/// The one-sided lower confidence limit of a proportion (Clopper and Pearson 1934): the p at which `successes` or more of `trials` have the probability 1 - confidence.
package func clopperPearsonLowerLimit(successes: Int, trials: Int, confidence: Double = 0.95) -> Double {
  precondition(trials > 0 && (0...trials).contains(successes) && confidence > 0 && confidence < 1, "\(successes) of \(trials)")
  guard successes > 0 else { return 0 }
  // P(X >= k | p) = I_p(k, n - k + 1)
  let (a, b) = (Double(successes), Double(trials - successes + 1))
  let logBeta = lgamma(a) + lgamma(b) - lgamma(a + b)
  return bisected(0...1) { regularisedBeta($0, complement: 1 - $0, a: a, b: b, logBeta: logBeta) >= 1 - confidence }
}

/// The x >= 0 at which a rising distribution function reaches p, for p in (0, 1).
func positiveQuantile(_ p: Double, _ cumulative: (Double) -> Double) -> Double {
  precondition(p > 0 && p < 1, "a probability of \(p) is outside (0, 1)")
  var high = 1.0
  while cumulative(high) < p, high < 1e300 { high *= 2 }
  return bisected(0...high) { cumulative($0) >= p }
}

/// Where a rising condition begins to hold.
private func bisected(_ range: ClosedRange<Double>, _ holds: (Double) -> Bool) -> Double {
  var (low, high) = (range.lowerBound, range.upperBound)
  while case let middle = low + (high - low) / 2, middle > low, middle < high { if holds(middle) { high = middle } else { low = middle } }
  return high
}
