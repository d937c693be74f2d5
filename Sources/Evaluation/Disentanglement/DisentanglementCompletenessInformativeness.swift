internal import Foundation

/// DCI: whether a latent dimension is important to one factor alone, and a factor to one dimension (Eastwood and Williams 2018).
///
/// Importance is what a dimension's splits take off the squared error of gradient-boosted regression trees that predict the factor from the whole code, a
/// factor without order one of its values at a time. They learn from every other item; informativeness is R² on the others.
package struct DisentanglementCompletenessInformativeness: Sendable {
  /// Mean over the dimensions, each by its share of all importance: 1 where every dimension matters to one factor alone.
  package let disentanglement: Double
  /// Mean over the factors: 1 where one dimension alone matters to each.
  package let completeness: Double
  /// Mean over the factors of the R² of their prediction on items not learnt from, not below 0.
  package let informativeness: Double
  /// Factor by factor, the importance of every dimension, which sum to 1; 0 of a factor that nothing tells of.
  package let importances: [[Double]]
  /// R² factor by factor.
  package let predictability: [Double]

  package init(_ table: FactorTable) {
    let learning = Array(stride(from: 0, to: table.items, by: 2))
    var (importances, predictability) = ([[Double]](), [Double]())
    for factor in table.factors {
      let targets: [[Double]] =
        factor.isOrdered ? [factor.values.map(Double.init)] : (0..<factor.count).map { value in factor.values.map { $0 == value ? 1 : 0 } }
      var sums = [Double](repeating: 0, count: table.codes.count)
      var (left, whole) = (0.0, 0.0)
      for target in targets {
        let trees = BoostedTrees(table.codes, targets: target, learningFrom: learning)
        for (place, importance) in trees.importances.enumerated() { sums[place] += importance }
        let mean = learning.reduce(0.0) { $0 + target[$1] } / Double(learning.count)
        for item in stride(from: 1, to: table.items, by: 2) {
          left += (target[item] - trees.predictions[item]) * (target[item] - trees.predictions[item])
          whole += (target[item] - mean) * (target[item] - mean)
        }
      }
      let total = sums.reduce(0, +)
      importances.append(total > 0 ? sums.map { $0 / total } : sums)
      predictability.append(whole > 0 ? max(0, 1 - left / whole) : 0)
    }
    self.importances = importances
    self.predictability = predictability
    informativeness = predictability.reduce(0, +) / Double(predictability.count)
    completeness = importances.map(Self.concentration).reduce(0, +) / Double(importances.count)
    // D = Σ_j ρ_j D_j, ρ_j the share of dimension j in all importance
    let columns = table.codes.indices.map { dimension in importances.map { $0[dimension] } }
    let all = columns.reduce(0.0) { $0 + $1.reduce(0, +) }
    disentanglement = all > 0 ? columns.reduce(0.0) { $0 + $1.reduce(0, +) / all * Self.concentration($1) } : 0
  }

  /// 1 - H(p) / ln n of some importances: 1 where one has all, 0 where all are alike; 1 of a single one, 0 where there is none.
  private static func concentration(_ importances: [Double]) -> Double {
    let total = importances.reduce(0, +)
    guard total > 0 else { return 0 }
    guard importances.count > 1 else { return 1 }
    let entropy = importances.reduce(0.0) { $1 > 0 ? $0 - $1 / total * log($1 / total) : $0 }
    return 1 - entropy / log(Double(importances.count))
  }
}
