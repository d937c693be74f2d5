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
    return regularisedBeta(x, complement: complement, a: a, b: 0.5, logBeta: Self.logBeta(a))
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
}
