internal import Foundation

extension ContingencyTable {
  /// What clusters tell about classes, from 0 (nothing) to 1 (the same partition), whatever their names.
  ///
  /// NMI = I(K; C) / ((H(K) + H(C)) / 2): normalised by the arithmetic mean of the entropies, as scikit-learn does by default (Vinh et al. 2010, NMI_sum);
  /// 1 where neither parts anything.
  package var normalisedMutualInformation: Double {
    let (n, clusters, classes) = (Double(total), clusterSizes, classSizes)
    guard clusters.count(where: { $0 > 0 }) > 1 || classes.count(where: { $0 > 0 }) > 1 else { return 1 }
    var information = 0.0
    for cluster in 0..<clusterCount {
      for item in 0..<classCount where self[cluster, item] > 0 {
        let count = Double(self[cluster, item])
        // n_kc / N ln(N n_kc / (n_k. n_.c))
        information +=
          count / n * (Foundation.log(count) + Foundation.log(n) - Foundation.log(Double(clusters[cluster])) - Foundation.log(Double(classes[item])))
      }
    }
    // Rounding may leave a little less than 0 of independent partitions.
    return max(information, 0) / ((Self.entropy(clusters) + Self.entropy(classes)) / 2)
  }

  /// -Σ p ln p of the shares of a total.
  private static func entropy(_ sizes: [Int]) -> Double {
    let n = Double(sizes.reduce(0, +))
    return sizes.reduce(0.0) { $1 > 0 ? $0 - Double($1) / n * Foundation.log(Double($1) / n) : $0 }
  }
}
