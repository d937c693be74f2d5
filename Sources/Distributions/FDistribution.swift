internal import Foundation

/// Snedecor's F distribution: that of a ratio of two independent variances of normal numbers, each over its own.
package struct FDistribution: Sendable {
  /// Degrees of freedom above and below the line.
  package let above: Double
  package let below: Double

  package init(_ above: Double, _ below: Double) {
    precondition(above > 0 && below > 0, "\(above) and \(below) degrees of freedom are not positive")
    (self.above, self.below) = (above, below)
  }

  /// P(F <= x) = I_y(a/2, b/2) with y = a x / (a x + b), DLMF 8.17.
  package func cumulative(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    let (a, b) = (above / 2, below / 2)
    // Divided first, so that nothing overflows.
    let odds = above / below * x
    return regularisedBeta(odds / (1 + odds), complement: 1 / (1 + odds), a: a, b: b, logBeta: lgamma(a) + lgamma(b) - lgamma(a + b))
  }

  /// The x with P(F <= x) = p, for p in (0, 1).
  package func quantile(_ p: Double) -> Double { positiveQuantile(p, cumulative) }
}
