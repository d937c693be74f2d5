import Foundation
import Tensors

/// √n times the largest distance between the empirical and the given distribution function (Kolmogorov-Smirnov); above 1.95 in one draw of a thousand.
func kolmogorovStatistic(_ samples: [Float], cumulative: (Double) -> Double) -> Double {
  let n = Double(samples.count)
  let distance = samples.sorted().enumerated().reduce(0) { worst, sample in
    let f = cumulative(Double(sample.element))
    return max(worst, Double(sample.offset + 1) / n - f, f - Double(sample.offset) / n)
  }
  return distance * n.squareRoot()
}

/// Pearson's chi-square of counts against probabilities as a standard normal quantile (Wilson and Hilferty 1931); bins expecting under five are pooled.
func chiSquareQuantile(counts: [Int], probabilities: [Double]) -> Double {
  let n = Double(counts.reduce(0, +))
  var (statistic, bins) = (0.0, 0)
  var pooled = (count: 0.0, expected: 0.0)
  func add(_ count: Double, _ expected: Double) {
    statistic += (count - expected) * (count - expected) / expected
    bins += 1
  }
  for (count, p) in zip(counts, probabilities) {
    if n * p >= 5 { add(Double(count), n * p) } else { pooled = (pooled.count + Double(count), pooled.expected + n * p) }
  }
  if pooled.expected > 1 { add(pooled.count, pooled.expected) }
  let freedom = Double(bins - 1)
  return (pow(statistic / freedom, 1 / 3) - (1 - 2 / (9 * freedom))) / (2 / (9 * freedom)).squareRoot()
}

/// Mean, standard deviation and the mean's standard error, in double.
func moments(_ samples: [Float]) -> (mean: Double, deviation: Double, error: Double) {
  let n = Double(samples.count)
  let mean = samples.reduce(0) { $0 + Double($1) } / n
  let deviation = (samples.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / (n - 1)).squareRoot()
  return (mean, deviation, deviation / n.squareRoot())
}

/// ∫ f by the midpoint rule, f evaluated for all points at once.
func integral(from low: Double, to high: Double, points: Int, of f: ([Float]) -> [Float]) -> Double {
  let step = (high - low) / Double(points)
  return f((0..<points).map { Float(low + (Double($0) + 0.5) * step) }).reduce(0) { $0 + Double($1) } * step
}

func column(_ values: [Float]) -> Tensor { Tensor(shape: [values.count, 1], scalars: values) }

func keys(_ rows: Int, seed: UInt64 = 1) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<rows) }

func normalCumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
