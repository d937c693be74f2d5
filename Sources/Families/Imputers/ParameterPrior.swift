internal import CKernels
internal import Foundation
internal import Modelling
internal import Networks
internal import Tensors

/// What parameters of a mixture are drawn towards, as rows that were never seen would draw them.
struct ParameterPrior: Module {
  /// Means of the known coordinates over all rows; of a category its share: [d].
  var centre: Tensor
  /// Their variances over all rows: [d].
  var variances: Tensor
  /// W, the covariance within components: [d, d], or [d] where columns are independent or of low rank.
  var within: Tensor

  static let fields: [Field<Self>] = [.buffer("centre", \.centre), .buffer("variances", \.variances), .buffer("within", \.within)]

  /// Weight of the prior on means, in rows.
  private static let meanWeight = 0.5
  /// Added to variances, in model units.
  private static let ridge = 1e-3
  /// Rows' worth of the variance within components, of independent columns and of D.
  private static let varianceWeight = 3.0
  /// Of a column's shares among its categories, in rows.
  private static let shareWeight = 1.0

  private struct Weights {
    /// ν of W and κ of its diagonal.
    let nu: Double
    let kappa: Double
    var total: Double { nu + kappa }
    /// Who wants less shrinkage than a row's wants no ridge that does the same: along directions that are nearly constant missing cells multiply it.
    var ridge: Double { max(ParameterPrior.ridge * min(kappa, 1), 1e-6) }
  }

  private func weights(_ plan: Mixture.Plan, _ shrinkage: Double) -> Weights {
    // One component has no other to learn its covariance from.
    Weights(nu: plan.configuration.components == 1 ? 0 : Double(plan.coordinates.width + 2), kappa: shrinkage)
  }

  /// The M-step: parameters of greatest posterior given the sums.
  func network(
    _ statistics: MixtureStatistics, before network: Mixture.Network, _ plan: Mixture.Plan, shrinkage: Double
  ) throws(Divergence) -> Mixture.Network {
    var next = network
    let counts = statistics.sums.map { $0[0] }
    let total = counts.reduce(0, +)
    next.logits = Tensor(counts.map { Float(log(($0 + 1) / (total + Double(counts.count)))) })
    let d = plan.coordinates.width
    let constants = network.constants.scalars.map { $0 > 0.5 }
    switch plan.configuration.kind {
    case .gaussian, .normalScores:
      let (means, d2) = (network.means.scalars.map(Double.init), d * (d + 1) / 2)
      var (moved, roots): ([Float], [Float]) = ([], [])
      for (index, sums) in statistics.sums.enumerated() {
        let (mean, root) = try full(sums, mean: Array(means[(index * d)..<((index + 1) * d)]), constants, weights(plan, shrinkage))
        moved += mean.map { Float($0) }
        roots += root
      }
      next.means = Tensor(shape: [counts.count, d], scalars: moved)
      next.roots = Tensor(shape: [counts.count, d2], scalars: roots)
    case .categorical: independent(statistics, plan.coordinates, constants, &next)
    case .factors: try lowRank(statistics, plan, constants, shrinkage, &next)
    }
    return next
  }

  /// μ = (Σ r E[x] + κ₀ m₀) / (n + κ₀) and Σ = (S + κ₀ (m₀ - μ)(m₀ - μ)' + ν W + κ diag W) / (n + ν + κ) + ridge; the root of Σ⁻¹.
  private func full(_ sums: [Double], mean: [Double], _ constants: [Bool], _ weights: Weights) throws(Divergence) -> (mean: [Double], root: [Float]) {
    let (d, n) = (mean.count, sums[0])
    let (centre, within) = (centre.scalars, within.scalars)
    let shift = (0..<d).map { j in
      constants[j] ? 0 : (sums[1 + j] + Self.meanWeight * (Double(centre[j]) - mean[j])) / (n + Self.meanWeight)
    }
    let moved = zip(mean, shift).map { $0 + $1 }
    let pull = (0..<d).map { Double(centre[$0]) - moved[$0] }
    var covariance = [Double](repeating: 0, count: d * d)
    for i in 0..<d {
      for j in 0...i {
        if constants[i] || constants[j] {
          covariance[i * d + j] = i == j ? 1 : 0
          continue
        }
        // S about the mean that was, then about the one that is.
        let moment = sums[1 + d + i * d + j] - sums[1 + i] * shift[j] - shift[i] * sums[1 + j] + n * shift[i] * shift[j]
        let prior = (weights.nu + (i == j ? weights.kappa : 0)) * Double(within[i * d + j])
        covariance[i * d + j] = (moment + Self.meanWeight * pull[i] * pull[j] + prior) / (n + weights.total) + (i == j ? weights.ridge : 0)
      }
    }
    return (moved, try Self.packedRoot(covariance, d))
  }

  /// V of Σ⁻¹ = V'V as a network has it.
  static func packedRoot(_ covariance: [Double], _ d: Int) throws(Divergence) -> [Float] {
    var (own, precision, scratch) = (covariance, covariance, [Double](repeating: 0, count: d * (d + 1)))
    // Sums of squares and a ridge are positive definite, but for numbers too large to add.
    guard kernel_lower_root(&own, d) == 1 else { throw Divergence() }
    kernel_lower_covariance(own, &precision, &scratch, d)
    guard kernel_lower_root(&precision, d) == 1 else { throw Divergence() }
    return (0..<d).flatMap { i in (0...i).map { j in Float(i == j ? log(precision[i * d + i]) : precision[i * d + j]) } }
  }

  private func independent(_ statistics: MixtureStatistics, _ coordinates: MixtureCoordinates, _ constants: [Bool], _ next: inout Mixture.Network) {
    let d = coordinates.width
    let (centre, within) = (centre.scalars.map(Double.init), within.scalars.map(Double.init))
    var means = next.means.scalars.map(Double.init)
    var deviations = [Double](repeating: 0, count: means.count)
    for (index, sums) in statistics.sums.enumerated() {
      for place in coordinates.numbers where !constants[place] {
        let (n, sum, square, at) = (sums[1 + 3 * place], sums[2 + 3 * place], sums[3 + 3 * place], index * d + place)
        let shift = (sum + Self.meanWeight * (centre[place] - means[at])) / (n + Self.meanWeight)
        means[at] += shift
        let pull = centre[place] - means[at]
        let moment = square - 2 * sum * shift + n * shift * shift + Self.meanWeight * pull * pull + Self.varianceWeight * within[place]
        deviations[at] = 0.5 * log(moment / (n + Self.varianceWeight) + Self.ridge)
      }
      for place in 0..<d where !coordinates.isNumber[place] {
        let share = (sums[2 + 3 * place] + Self.shareWeight * centre[place]) / (sums[1 + 3 * place] + Self.shareWeight)
        means[index * d + place] = log(max(share, 1e-6))
      }
    }
    next.means = Tensor(shape: next.means.shape, scalars: means.map { Float($0) })
    next.logDeviations = Tensor(shape: next.means.shape, scalars: deviations.map { Float($0) })
  }

  /// Every coordinate regressed on ẑ = (z, 1): w = (E[ẑ ẑ'] + prior)⁻¹ E[x ẑ], and D what is left.
  private func lowRank(
    _ statistics: MixtureStatistics, _ plan: Mixture.Plan, _ constants: [Bool], _ shrinkage: Double, _ next: inout Mixture.Network
  ) throws(Divergence) {
    let (d, q) = (plan.coordinates.width, plan.configuration.factors)
    let (p, stride) = (q + 1, MixtureStatistics.factorStride(q))
    let (centre, within) = (centre.scalars.map(Double.init), within.scalars.map(Double.init))
    var (means, loadings, deviations): ([Float], [Float], [Float]) = ([], [], [])
    var (inverse, scratch) = ([Double](repeating: 0, count: p * p), [Double](repeating: 0, count: p * (p + 1)))
    for sums in statistics.sums {
      for place in 0..<d {
        guard !constants[place] else {
          means.append(Float(centre[place]))
          loadings += [Float](repeating: 0, count: q)
          deviations.append(0)
          continue
        }
        let own = sums[(1 + place * stride)..<(1 + (place + 1) * stride)]
        var a = Array(own.prefix(p * p))
        for factor in 0..<q { a[factor * p + factor] += shrinkage }
        a[q * p + q] += Self.meanWeight
        var b = Array(own.dropFirst(p * p).prefix(p))
        b[q] += Self.meanWeight * centre[place]
        guard kernel_lower_root(&a, p) == 1 else { throw Divergence() }
        kernel_lower_covariance(a, &inverse, &scratch, p)
        let w = (0..<p).map { i in (0..<p).reduce(0) { $0 + inverse[i * p + $1] * b[$1] } }
        let squares = own[own.startIndex + p * p + p] + Self.meanWeight * centre[place] * centre[place]
        let left = squares - zip(w, b).reduce(0) { $0 + $1.0 * $1.1 } + Self.varianceWeight * within[place]
        let variance = max(left, 0) / (own[own.startIndex + p * p + p + 1] + Self.varianceWeight) + Self.ridge
        means.append(Float(w[q]))
        loadings += w.prefix(q).map { Float($0) }
        deviations.append(Float(0.5 * log(variance)))
      }
    }
    next.means = Tensor(shape: next.means.shape, scalars: means)
    next.loadings = Tensor(shape: [statistics.sums.count, d, q], scalars: loadings)
    next.logDeviations = Tensor(shape: next.means.shape, scalars: deviations)
  }
}

// MARK: - The objective

extension ParameterPrior {
  /// ln p(parameters) but for constants, of which the M-step finds the greatest together with the rows' likelihood.
  func logDensity(_ mixture: Mixture, shrinkage: Double) -> Double {
    let (plan, density, network) = (mixture.plan, mixture.density, mixture.network)
    let (d, q) = (plan.coordinates.width, plan.configuration.factors)
    let (centre, within) = (centre.scalars.map(Double.init), within.scalars.map(Double.init))
    let constants = density.isConstant
    let weights = weights(plan, shrinkage)
    var sum = 0.0
    for (index, component) in density.components.enumerated() {
      sum += component.logWeight
      switch (plan.configuration.kind, component.shape) {
      case (.gaussian, .full(let precision, let logRoot)), (.normalScores, .full(let precision, let logRoot)):
        // -½ (ν + κ) ln |Σ| - ½ tr((ν W + κ diag W) P) - ½ κ₀ (μ - m₀)' P (μ - m₀)
        sum += weights.total * logRoot
        for i in 0..<d where !constants[i] {
          for j in 0..<d where !constants[j] {
            let prior = (weights.nu + (i == j ? weights.kappa : 0)) * within[i * d + j]
            let pull = Self.meanWeight * (component.mean[i] - centre[i]) * (component.mean[j] - centre[j])
            sum -= 0.5 * (prior + pull) * precision[i * d + j]
          }
        }
      case (.factors, _):
        for place in 0..<d where !constants[place] {
          let logDeviation = Double(network.logDeviations?.scalars[index * d + place] ?? 0)
          let squares = (0..<q).reduce(0.0) { $0 + pow(Double(network.loadings?.scalars[(index * d + place) * q + $1] ?? 0), 2) }
          let pull = pow(component.mean[place] - centre[place], 2)
          sum -= Self.varianceWeight * logDeviation
          sum -= 0.5 * (shrinkage * squares + Self.meanWeight * pull + Self.varianceWeight * within[place]) / exp(2 * logDeviation)
        }
      case (_, .independent(let deviations, let logProbabilities)):
        for place in 0..<d {
          if !density.coordinates.isNumber[place] {
            sum += Self.shareWeight * centre[place] * logProbabilities[place]
          } else if !constants[place] {
            let pull = Self.meanWeight * pow(component.mean[place] - centre[place], 2)
            sum -= Self.varianceWeight * log(deviations[place])
            sum -= 0.5 * (pull + Self.varianceWeight * within[place]) / (deviations[place] * deviations[place])
          }
        }
      default: preconditionFailure("a component has the shape of its kind")
      }
    }
    return sum
  }
}
