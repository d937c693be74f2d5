internal import Distributions
internal import Foundation

/// Finite numbers of independent repetitions, and what they say of the mean and the standard deviation behind them, which is normal theory.
package struct Sample: Sendable, Equatable {
  package let values: [Double]
  package let mean: Double
  /// Over n - 1; nil of one number.
  package let deviation: Double?

  /// Of every interval.
  package static let confidence = 0.95

  /// - Parameter values: one or more.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty, "a sample of nothing")
    self.values = values
    let n = Double(values.count)
    // From the first number on, so that equal numbers have exactly this mean and no spread.
    let mean = values[0] + values.reduce(0) { $0 + ($1 - values[0]) } / n
    self.mean = mean
    deviation = values.count > 1 ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot() : nil
  }

  package var count: Int { values.count }

  /// mean ± t_{n-1} s / √n; nil of one number.
  package var meanInterval: ClosedRange<Double>? {
    deviation.map { deviation in
      let reach =
        StudentT(degreesOfFreedom: Double(count - 1)).critical(tail: 1 - Self.confidence) * deviation / Double(count).squareRoot()
      return mean - reach...mean + reach
    }
  }

  /// s √((n - 1) / χ²), with χ² at either end; nil of one number.
  package var deviationInterval: ClosedRange<Double>? {
    deviation.map { deviation in
      let n = Double(count - 1)
      let chi = ChiSquared(degreesOfFreedom: n)
      let (low, high) = ((1 - Self.confidence) / 2, (1 + Self.confidence) / 2)
      return deviation * (n / chi.quantile(high)).squareRoot()...deviation * (n / chi.quantile(low)).squareRoot()
    }
  }
}

/// Numbers of several seeds, each repeated as often: how much of the spread between two trainings is left where the seed is the same.
///
/// One-way analysis of variance with random effects, x = μ + a_seed + e: its mean squares are independent, so all repeats count, and the interval of the
/// ratio is exact for normal numbers (Searle, Casella and McCulloch 1992, section 3.6).
package struct RepeatedSample: Sendable, Equatable {
  package let seeds: Int
  package let repeats: Int
  /// σ_e, the standard deviation over repetitions of one seed.
  package let withinSeed: Double
  /// √(σ_a² + σ_e²), the standard deviation over trainings of one seed each.
  package let overSeeds: Double
  /// σ_e / √(σ_a² + σ_e²); nil where nothing differs at all.
  package let ratio: Double?
  /// nil where repeats don't differ: a ratio of 0 is then no estimate.
  package let ratioInterval: ClosedRange<Double>?

  /// - Parameter groups: of each seed its repeats; two or more of either, and of each seed as many.
  package init?(_ groups: [[Double]]) {
    guard let repeats = groups.first?.count, repeats > 1, groups.count > 1, groups.allSatisfy({ $0.count == repeats }) else { return nil }
    let samples = groups.map(Sample.init)
    let (s, r) = (Double(groups.count), Double(repeats))
    let within = samples.reduce(0) { $0 + ($1.deviation ?? 0) * ($1.deviation ?? 0) } / s
    let means = Sample(samples.map(\.mean)).deviation ?? 0
    // E MSB = r σ_a² + σ_e², E MSW = σ_e².
    let between = r * means * means
    let total = (between + (r - 1) * within) / r
    (seeds, self.repeats) = (groups.count, repeats)
    (withinSeed, overSeeds) = (within.squareRoot(), total.squareRoot())
    guard total > 0 else {
      (ratio, ratioInterval) = (nil, nil)
      return
    }
    ratio = (within / total).squareRoot()
    guard within > 0 else {
      ratioInterval = nil
      return
    }
    // σ_e² / (σ_a² + σ_e²) = r / (F + r - 1) with F = MSB / MSW over the quantiles of F_{s-1, s(r-1)}; no more than 1, since σ_a² is not negative.
    let fisher = FDistribution(s - 1, s * (r - 1))
    let ends = [(1 + Sample.confidence) / 2, (1 - Sample.confidence) / 2].map { p in
      min((r / (between / within / fisher.quantile(p) + r - 1)).squareRoot(), 1)
    }
    ratioInterval = ends[1]...ends[0]
  }
}
