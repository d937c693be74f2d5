import Foundation

/// Student's t distribution with any positive number of degrees of freedom, infinity (the normal distribution) included.
package struct StudentT: Sendable {
  package let degreesOfFreedom: Double

  package init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0, "\(degreesOfFreedom) degrees of freedom are not positive")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// P(|T| > |t|), accurate far into the tails.
  package func twoSidedTail(_ t: Double) -> Double {
    // Beyond this the t distribution and the normal one differ by less than 1e-9.
    guard degreesOfFreedom < 1e9 else { return erfc(abs(t) / 2.0.squareRoot()) }
    // I_x(ν/2, 1/2) with x = ν / (ν + t²), DLMF 8.17; t² / ν first, so that nothing overflows.
    let (a, y) = (degreesOfFreedom / 2, t / degreesOfFreedom * t)
    let (x, complement) = (1 / (1 + y), y / (1 + y))
    let logBeta = Self.logBeta(a)
    return x > (a + 1) / (a + 2.5)
      ? 1 - Self.incompleteBeta(complement, 0.5, a, logBeta: logBeta) : Self.incompleteBeta(x, a, 0.5, logBeta: logBeta)
  }

  /// The t with P(|T| > t) = tail, for a tail in (0, 1), by bisection to the last bits.
  package func critical(tail: Double) -> Double {
    precondition(tail > 0 && tail < 1, "a tail of \(tail) is outside (0, 1)")
    var (low, high) = (0.0, 1.0)
    while twoSidedTail(high) > tail, high < 1e300 { (low, high) = (high, 2 * high) }
    for _ in 0..<200 {
      let middle = 0.5 * (low + high)
      if middle == low || middle == high { break }
      if twoSidedTail(middle) > tail { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  /// ln B(a, 1/2) = ln Γ(1/2) - ln (Γ(a + 1/2) / Γ(a)), by Stirling's series where both gammas are so large that their difference loses digits.
  private static func logBeta(_ a: Double) -> Double {
    guard a > 100 else { return 0.5 * log(Double.pi) + lgamma(a) - lgamma(a + 0.5) }
    let (inverse, square) = (1 / a, 1 / (a * a))
    let series: Double = -1.0 / 8 + square * (1.0 / 192 - square / 640)
    return 0.5 * log(Double.pi / a) - inverse * series
  }

  /// I_x(a, b), the regularised incomplete beta function, by its continued fraction (DLMF 8.17.22), which converges fast below the mean.
  private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double, logBeta: Double) -> Double {
    if x <= 0 { return 0 }
    let front = exp(a * log(x) + b * log1p(-x) - logBeta) / a
    // Lentz's method: fraction = 1 / (1 + d₁ / (1 + d₂ / (1 + ...))).
    let tiny = 1e-300
    var (numerator, denominator) = (1.0, 1 - (a + b) * x / (a + 1))
    denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
    var fraction = denominator
    for index in 1...100_000 {
      let m = Double(index)
      for d in [m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))] {
        denominator = 1 + d * denominator
        denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
        numerator = 1 + d / numerator
        if abs(numerator) < tiny { numerator = tiny }
        fraction *= denominator * numerator
      }
      if abs(denominator * numerator - 1) < 1e-16 { break }
    }
    return front * fraction
  }
}
