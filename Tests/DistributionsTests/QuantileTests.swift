import Distributions
import Testing

@Suite("Quantiles of distributions of variances")
struct QuantileTests {
  /// R: qf(p, a, b).
  @Test(
    "of F are those of R's tables",
    arguments: [
      (1.0, 1.0, 0.975, 647.7890), (4.0, 5.0, 0.975, 7.387886), (4.0, 5.0, 0.025, 0.1067867), (10.0, 20.0, 0.95, 2.347878),
      (2.0, 30.0, 0.99, 5.390346),
    ])
  func fisher(above: Double, below: Double, p: Double, expected: Double) {
    let found = FDistribution(above, below).quantile(p)
    #expect(abs(found / expected - 1) < 1e-6, "\(found)")
  }

  /// R: qchisq(p, n).
  @Test(
    "of chi-squared are those of R's tables",
    arguments: [
      (1.0, 0.95, 3.841459), (4.0, 0.025, 0.4844186), (4.0, 0.975, 11.14329), (9.0, 0.5, 8.342833), (30.0, 0.975, 46.97924), (100.0, 0.025, 74.22193),
    ])
  func chiSquared(degreesOfFreedom: Double, p: Double, expected: Double) {
    let found = ChiSquared(degreesOfFreedom: degreesOfFreedom).quantile(p)
    #expect(abs(found / expected - 1) < 1e-6, "\(found)")
  }

  @Test("F of one degree above the line is the square of Student's t, and of many below it chi-squared over its degrees")
  func laws() {
    for below in [1.0, 4, 12.5] {
      let t = StudentT(degreesOfFreedom: below).critical(tail: 0.05)
      #expect(abs(FDistribution(1, below).quantile(0.95) / (t * t) - 1) < 1e-9)
    }
    for above in [1.0, 4, 9] {
      let limit = ChiSquared(degreesOfFreedom: above).quantile(0.9) / above
      #expect(abs(FDistribution(above, 1e7).quantile(0.9) / limit - 1) < 1e-5)
    }
    // 1 / F has the degrees of freedom exchanged.
    #expect(abs(FDistribution(3, 7).quantile(0.1) * FDistribution(7, 3).quantile(0.9) - 1) < 1e-9)
  }
}
