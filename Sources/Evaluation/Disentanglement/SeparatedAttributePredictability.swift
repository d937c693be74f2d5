/// SAP: how much better one latent dimension alone predicts a factor than the next best does (Kumar et al. 2018, section 3).
///
/// The score of an ordered factor is the squared correlation, R² of a line. That of a factor without order is the balanced accuracy of thresholds in the
/// middle between the classes' means, a fixed choice in place of a search for the best ones.
package struct SeparatedAttributePredictability: Sendable {
  /// One gap a factor, 0 to 1.
  package let gaps: [Double]
  /// The mean over the factors.
  package let value: Double
  /// The score of every latent dimension, factor by factor.
  package let scores: [[Double]]

  package init(_ table: FactorTable) {
    scores = table.factors.map { factor in
      table.codes.map { factor.isOrdered ? Self.squaredCorrelation($0, factor.values) : Self.balancedAccuracy($0, factor.values, factor.count) }
    }
    gaps = scores.map(FactorTable.gap)
    value = gaps.reduce(0, +) / Double(gaps.count)
  }

  /// 0 where one of both does not vary.
  private static func squaredCorrelation(_ code: [Double], _ values: [Int]) -> Double {
    let n = Double(code.count)
    let (a, b) = (code.reduce(0, +) / n, values.reduce(0.0) { $0 + Double($1) } / n)
    var (covariance, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(code, values) {
      covariance += (x - a) * (Double(y) - b)
      first += (x - a) * (x - a)
      second += (Double(y) - b) * (Double(y) - b)
    }
    return first > 0 && second > 0 ? covariance * covariance / (first * second) : 0
  }

  private static func balancedAccuracy(_ code: [Double], _ values: [Int], _ count: Int) -> Double {
    var (sums, sizes) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    for (x, y) in zip(code, values) {
      sums[y] += x
      sizes[y] += 1
    }
    let present = (0..<count).filter { sizes[$0] > 0 }
    let means = present.map { sums[$0] / sizes[$0] }
    var right = [Double](repeating: 0, count: count)
    for (x, y) in zip(code, values) {
      // The nearest mean is the interval between the thresholds; the first of equally near ones.
      var best = 0
      for place in means.indices where abs(x - means[place]) < abs(x - means[best]) { best = place }
      if present[best] == y { right[y] += 1 }
    }
    return present.reduce(0) { $0 + right[$1] / sizes[$1] } / Double(present.count)
  }
}
