internal import CKernels

/// A rising function from normal scores to a column's values, by straight lines between its quantiles; beyond them it rises by 1 for 1.
struct QuantileMap: Sendable {
  /// Φ⁻¹((q + ½) / knots), the same for every column.
  let scores: [Double]
  /// Strictly rising.
  let values: [Double]

  /// The least rise of a value a score, which gives a value that many rows share the middle of its scores.
  private static let leastSlope = 1e-3

  static func scores(knots: Int) -> [Double] {
    (0..<knots).map { q in kernel_mixture_quantile((Double(q) + 0.5) / Double(knots), [1], [0], [1], 1) }
  }

  /// Of the numbers in a model file, which need not rise.
  init(scores: [Double], values: [Double]) {
    var rising = values
    for q in rising.indices.dropFirst() { rising[q] = max(rising[q], rising[q - 1] + Self.leastSlope * (scores[q] - scores[q - 1])) }
    (self.scores, self.values) = (scores, rising)
  }

  /// The quantiles of a sample, sorted and not empty.
  init(scores: [Double], sample: [Double]) {
    let (n, knots) = (Double(sample.count), Double(scores.count))
    var values = scores.indices.map { q -> Double in
      let place = min(max((Double(q) + 0.5) / knots * n - 0.5, 0), n - 1)
      let below = min(Int(place), sample.count - 1)
      let above = min(below + 1, sample.count - 1)
      return sample[below] + (place - Double(below)) * (sample[above] - sample[below])
    }
    // A run of equal values is tilted about its middle.
    var start = 0
    while start < values.count {
      let value = values[start]
      let end = values[start...].firstIndex { $0 != value } ?? values.count
      if end - start > 1 {
        let middle = 0.5 * (scores[start] + scores[end - 1])
        for q in start..<end { values[q] = value + Self.leastSlope * (scores[q] - middle) }
      }
      start = end
    }
    self.init(scores: scores, values: values)
  }

  func value(_ score: Double) -> Double { Self.through(scores, values, score) }
  func score(_ value: Double) -> Double { Self.through(values, scores, value) }

  /// d score / d value.
  func slope(at value: Double) -> Double {
    guard value > values[0], value < values[values.count - 1] else { return 1 }
    let next = Self.place(values, value)
    return (scores[next] - scores[next - 1]) / (values[next] - values[next - 1])
  }

  private static func through(_ x: [Double], _ y: [Double], _ value: Double) -> Double {
    let last = x.count - 1
    guard value > x[0] else { return y[0] + (value - x[0]) }
    guard value < x[last] else { return y[last] + (value - x[last]) }
    let next = place(x, value)
    return y[next - 1] + (value - x[next - 1]) / (x[next] - x[next - 1]) * (y[next] - y[next - 1])
  }

  /// The first knot above a value within the knots.
  private static func place(_ x: [Double], _ value: Double) -> Int {
    var (low, high) = (0, x.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if x[middle] <= value { low = middle } else { high = middle }
    }
    return high
  }
}
