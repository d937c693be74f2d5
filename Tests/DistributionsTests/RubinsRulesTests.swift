import Testing

import Distributions

@Suite("Rubin's rules")
struct RubinsRulesTests {
  private func isClose(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    a.map { abs($0 - b) <= tolerance * max(abs(b), 1) } ?? false
  }

  @Test("an example worked by hand, without and with complete-data degrees of freedom")
  func byHand() {
    // Q̄ = 3, B = 1, Ū = 0.5, T = 0.5 + 4/3, λ = (4/3) / T = 8/11, r = 8/3; ν_old = 2 / (8/11)² = 3.78125.
    let pooled = RubinsRules(estimates: [2, 3, 4], variances: [0.4, 0.5, 0.6])
    #expect(pooled.m == 3 && isClose(pooled.qbar, 3) && isClose(pooled.ubar, 0.5) && isClose(pooled.b, 1) && isClose(pooled.t, 11.0 / 6))
    #expect(isClose(pooled.lambda, 8.0 / 11) && isClose(pooled.riv, 8.0 / 3) && isClose(pooled.df, 3.78125))
    #expect(isClose(pooled.fmi, (8.0 / 3 + 2 / 6.78125) / (11.0 / 3)))
    // ν_obs = 21/23 · 20 · 3/11, ν = ν_old ν_obs / (ν_old + ν_obs).
    let observed = 21.0 / 23 * 20 * 3 / 11
    let small = RubinsRules(estimates: [2, 3, 4], variances: [0.4, 0.5, 0.6], dfcom: 20)
    #expect(isClose(small.df, 3.78125 * observed / (3.78125 + observed)) && small.t == pooled.t)
    let interval = small.interval(confidence: 0.9)
    #expect(isClose(interval.map { $0.low + $0.high }, 6) && (small.interval(confidence: 0.95)?.low ?? 9) < (interval?.low ?? -9))
    let test = small.test
    #expect(isClose(test?.statistic, 3 / pooled.t.squareRoot()) && (test?.pValue ?? 1) < 0.2)
  }

  @Test("estimates that agree: only the variance within counts")
  func nothingBetween() {
    let pooled = RubinsRules(estimates: [1.5, 1.5], variances: [4, 6], dfcom: 50)
    #expect(pooled.b == 0 && pooled.t == 5 && pooled.riv == 0 && pooled.lambda == 0)
    // λ is held at 1e-4, so ν is a little below ν_obs = 51/53 · 50.
    #expect(isClose(pooled.df, 51.0 / 53 * 50, 1e-3) && (pooled.df ?? 99) < 51.0 / 53 * 50)
  }

  @Test("one table says nothing of the variance between tables")
  func single() {
    let pooled = RubinsRules(estimates: [1], variances: [4], dfcom: 10)
    #expect(pooled.t == 4 && pooled.df == 10 && pooled.b == nil && pooled.riv == nil && pooled.lambda == nil && pooled.fmi == nil)
    #expect(isClose(pooled.interval(confidence: 0.95)?.high, 1 + 2 * 2.228138852, 1e-9))
    #expect(isClose(RubinsRules(estimates: [0], variances: [1]).interval(confidence: 0.95)?.high, 1.959963984540, 1e-9))
  }

  @Test("estimates without errors of their own, and without any variance")
  func degenerate() {
    let exact = RubinsRules(estimates: [1, 3], variances: [0, 0])
    #expect(exact.t == 3 && exact.lambda == 1 && exact.riv == .infinity && exact.fmi == 1 && exact.df == 1)
    let none = RubinsRules(estimates: [2, 2], variances: [0, 0])
    #expect(none.t == 0 && none.df == nil && none.lambda == nil && none.test == nil && none.interval(confidence: 0.5)?.low == 2)
    // All information missing and finite complete-data degrees of freedom: ν = 0, so no interval.
    #expect(RubinsRules(estimates: [1, 3], variances: [0, 0], dfcom: 9).interval(confidence: 0.95) == nil)
  }

  @Test("the order of the tables does not matter to the figures beyond rounding, and scaling scales them")
  func symmetry() {
    let (q, u) = ([0.3, -1.2, 2.2, 0.9, 0.4], [0.5, 0.7, 0.2, 0.9, 0.6])
    let (one, other) = (RubinsRules(estimates: q, variances: u, dfcom: 30), RubinsRules(estimates: q.reversed(), variances: u.reversed(), dfcom: 30))
    #expect(isClose(one.qbar, other.qbar) && isClose(one.t, other.t) && isClose(one.df, other.df ?? 0) && isClose(one.fmi, other.fmi ?? 0))
    let scaled = RubinsRules(estimates: q.map { 10 * $0 }, variances: u.map { 100 * $0 }, dfcom: 30)
    #expect(isClose(scaled.t, 100 * one.t) && isClose(scaled.df, one.df ?? 0) && isClose(scaled.lambda, one.lambda ?? 0))
  }
}
