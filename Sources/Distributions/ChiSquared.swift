internal import Foundation

/// The chi-squared distribution: that of a sum of squares of independent standard normal numbers.
package struct ChiSquared: Sendable {
  package let degreesOfFreedom: Double

  package init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0, "\(degreesOfFreedom) degrees of freedom are not positive")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// P(X <= x) = P(ν/2, x/2), the regularised incomplete gamma function.
  package func cumulative(_ x: Double) -> Double { regularisedGamma(degreesOfFreedom / 2, x / 2) }

  /// The x with P(X <= x) = p, for p in (0, 1).
  package func quantile(_ p: Double) -> Double { positiveQuantile(p, cumulative) }
}

/// P(a, x) by its series below the mean (DLMF 8.7.1), else by the continued fraction of its complement (DLMF 8.9.2, Lentz's method).
private func regularisedGamma(_ a: Double, _ x: Double) -> Double {
  guard x > 0 else { return 0 }
  let front = exp(a * log(x) - x - lgamma(a))
  guard x >= a + 1 else {
    // P = xᵃ e⁻ˣ / Γ(a) Σ xⁿ / (a (a + 1) ... (a + n))
    var (term, sum, n) = (1 / a, 1 / a, a)
    while term > sum * 1e-17 {
      n += 1
      term *= x / n
      sum += term
    }
    return front * sum
  }
  // Q = xᵃ e⁻ˣ / Γ(a) · 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...))
  let tiny = 1e-300
  var b = x + 1 - a
  var (c, d) = (1 / tiny, 1 / b)
  var fraction = d
  for index in 1...100_000 {
    let i = Double(index)
    let numerator = -i * (i - a)
    b += 2
    d = numerator * d + b
    d = 1 / (abs(d) < tiny ? tiny : d)
    c = b + numerator / c
    if abs(c) < tiny { c = tiny }
    fraction *= c * d
    if abs(c * d - 1) < 1e-16 { break }
  }
  return 1 - front * fraction
}
