internal import Foundation

/// MIG: how much more one latent dimension tells of a factor than the next best does, in parts of the factor's entropy (Chen et al. 2018, section 4.1).
///
/// Mutual information is that of histograms, the codes in 20 equal bins between their extremes (as in Locatello et al. 2019), which is
/// (bins - 1)(values - 1) / 2n nats too high on average where there is none.
package struct MutualInformationGap: Sendable {
  package static let bins = 20

  /// One gap a factor, 0 to 1; a factor that does not vary has none and counts as 0.
  package let gaps: [Double]
  /// The mean over the factors.
  package let value: Double
  /// I(z_j; v_k) / H(v_k), factor by factor.
  package let information: [[Double]]

  package init(_ table: FactorTable) {
    let codes = table.codes.map(Self.binned)
    information = table.factors.map { factor in
      let entropy = Self.entropy(Self.histogram(factor.values, factor.count))
      return codes.map { entropy > 0 ? Self.mutualInformation($0, factor.values, factor.count) / entropy : 0 }
    }
    gaps = information.map(FactorTable.gap)
    value = gaps.reduce(0, +) / Double(gaps.count)
  }

  private static func binned(_ code: [Double]) -> [Int] {
    guard let low = code.min(), let high = code.max(), high > low else { return [Int](repeating: 0, count: code.count) }
    return code.map { min(Int(($0 - low) / (high - low) * Double(bins)), bins - 1) }
  }

  private static func histogram(_ values: [Int], _ count: Int) -> [Int] {
    var histogram = [Int](repeating: 0, count: count)
    for value in values { histogram[value] += 1 }
    return histogram
  }

  /// In nats.
  private static func entropy(_ histogram: [Int]) -> Double {
    let total = Double(histogram.reduce(0, +))
    return histogram.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) / total * log(Double($1) / total) }
  }

  // I(a; b) = H(a) + H(b) - H(a, b)
  private static func mutualInformation(_ a: [Int], _ b: [Int], _ count: Int) -> Double {
    entropy(histogram(a, bins)) + entropy(histogram(b, count)) - entropy(histogram(zip(a, b).map { $0 * count + $1 }, bins * count))
  }
}
