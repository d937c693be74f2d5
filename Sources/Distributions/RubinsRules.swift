/// One quantity estimated on each of m completed tables, pooled (Rubin 1987, section 3.1; van Buuren 2018, section 2.3).
///
/// The names are those of R's mice. Figures that the data do not determine are nil: with m = 1 everything about the variance between the
/// tables, and with no variance at all the shares of it.
package struct RubinsRules: Sendable, Equatable {
  package let m: Int
  /// Q̄, the mean of the estimates.
  package let qbar: Double
  /// Ū, the mean of their squared standard errors.
  package let ubar: Double
  /// B, the variance of the estimates between the tables, over m - 1.
  package let b: Double?
  /// T = Ū + (1 + 1/m) B, the variance of Q̄.
  package let t: Double
  /// Degrees of freedom of the complete data; infinity where they are not given.
  package let dfcom: Double
  /// Degrees of freedom of Q̄ (Barnard and Rubin 1999).
  package let df: Double?
  /// r, the relative increase of the variance that missing values cause; infinite where Ū is 0.
  package let riv: Double?
  /// λ, the share of the variance that they cause.
  package let lambda: Double?
  /// γ, the fraction of information about the quantity that is missing.
  package let fmi: Double?

  /// - Parameters:
  ///   - estimates: one a completed table, finite.
  ///   - variances: their squared standard errors, finite and not negative.
  package init(estimates: [Double], variances: [Double], dfcom: Double = .infinity) {
    precondition(!estimates.isEmpty && estimates.count == variances.count, "\(estimates.count) estimates beside \(variances.count) variances")
    precondition(dfcom > 0, "\(dfcom) complete-data degrees of freedom are not positive")
    let m = Double(estimates.count)
    (self.m, self.dfcom) = (estimates.count, dfcom)
    // Dividing first: a sum of large finite numbers need not be finite.
    let mean = estimates.reduce(0) { $0 + $1 / m }
    let within = variances.reduce(0) { $0 + $1 / m }
    (qbar, ubar) = (mean, within)
    guard estimates.count > 1 else {
      (b, t, df, riv, lambda, fmi) = (nil, within, dfcom, nil, nil, nil)
      return
    }
    let between = estimates.reduce(0) { $0 + ($1 - mean) / (m - 1) * ($1 - mean) }
    let increase = (1 + 1 / m) * between
    let total = within + increase
    (b, t) = (between, total)
    guard total > 0 else {
      (df, riv, lambda, fmi) = (nil, nil, nil, nil)
      return
    }
    let share = increase / total
    let df = Self.degreesOfFreedom(m: m, lambda: share, dfcom: dfcom)
    let ratio = increase / within
    (self.df, riv, lambda) = (df, ratio, share)
    // (r + 2 / (ν + 3)) / (1 + r), of which 1 is the limit where r is infinite.
    fmi = ratio.isFinite ? (ratio + 2 / (df + 3)) / (1 + ratio) : 1
  }

  /// ν = 1 / (1/ν_old + 1/ν_obs) (Barnard and Rubin 1999, equation 3); λ no less than 1e-4, as in mice, so that ν stays finite.
  private static func degreesOfFreedom(m: Double, lambda: Double, dfcom: Double) -> Double {
    let lambda = max(lambda, 1e-4)
    let old = (m - 1) / (lambda * lambda)
    guard dfcom.isFinite else { return old }
    let observed = (dfcom + 1) / (dfcom + 3) * dfcom * (1 - lambda)
    return old * observed / (old + observed)
  }

  /// √T.
  package var standardError: Double { t.squareRoot() }

  /// Q̄ ± t_ν √T; nil where T or ν is not determined, or ν is 0.
  package func interval(confidence: Double) -> (low: Double, high: Double)? {
    guard let df, df > 0 else { return t == 0 ? (qbar, qbar) : nil }
    let reach = StudentT(degreesOfFreedom: df).critical(tail: 1 - confidence) * standardError
    return (qbar - reach, qbar + reach)
  }

  /// Q̄ / √T and its two-sided p-value under a quantity of 0.
  package var test: (statistic: Double, pValue: Double)? {
    guard let df, df > 0, t > 0 else { return nil }
    let statistic = qbar / standardError
    return (statistic, StudentT(degreesOfFreedom: df).twoSidedTail(statistic))
  }
}
