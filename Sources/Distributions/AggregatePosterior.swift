import Foundation
package import Tensors

/// q(z) = 1/N Σ_n q(z | x_n) over N items, estimated from the posteriors of a batch of M of them (Chen et al. 2018, appendix C).
///
/// Numbers are M² d; every intermediate tensor takes 4 M² d bytes.
package struct AggregatePosterior: Sendable {
  package enum Estimator: String, Sendable, Codable, CaseIterable {
    /// Minibatch-weighted sampling: 1/(N M) each, which is ln N too low where all posteriors are the same.
    case weighted
    /// Minibatch-stratified sampling: 1/N for a draw's own posterior and weights that sum to 1 with it for the others.
    case stratified
  }

  /// q(z | x_m): [M, d].
  package let components: Normal
  /// ln w_nm, the weight of component m where the draw of row n is asked about: [n, M], or [1, M] where it is the same for all.
  package let logWeights: Tensor

  /// Estimates from a batch; row n of what is asked about is a draw from component n.
  ///
  /// `items` is N, at least M.
  package init(_ components: Normal, items: Int, estimator: Estimator) {
    let count = components.mean.shape[0]
    precondition(items >= count, "\(items) items, fewer than the \(count) of the batch")
    self.components = components
    switch estimator {
    case .weighted: logWeights = .full([1, count], -Float(log(Double(items)) + log(Double(count))))
    case .stratified: logWeights = Self.stratifiedWeights(count, items: items).log()
    }
  }

  /// The mixture of all components alike: exact where they are those of every item.
  package init(of components: Normal) {
    let count = components.mean.shape[0]
    self.components = components
    logWeights = .full([1, count], -Float(log(Double(count))))
  }

  /// The weights of minibatch-stratified sampling, rows that sum to 1: [M, M].
  ///
  /// With M' = M - 1 a row's own component has 1/N, the one behind it (N - M') / (N M') and the others 1/M'; a batch of one has 1.
  package static func stratifiedWeights(_ count: Int, items: Int) -> Tensor {
    guard count > 1 else { return .ones([count, count]) }
    let (n, others) = (Double(items), Double(count - 1))
    let (own, stratum, rest) = (Float(1 / n), Float((n - others) / (n * others)), Float(1 / others))
    return Tensor(shape: [count, count]) { w in
      for row in 0..<count {
        for column in 0..<count { w[row * count + column] = column == row ? own : column == (row + 1) % count ? stratum : rest }
      }
    }
  }

  /// ln N(z_nj; μ_mj, σ_mj²) of every pair; z: [n, d] -> [d, n, M].
  private func pairs(_ z: Tensor) -> Tensor {
    let (n, d, m) = (z.shape[0], z.shape[1], components.mean.shape[0])
    let logDeviation = components.logDeviation.transposed().reshaped([d, 1, m])
    let precision = (-logDeviation).exp()
    // (z - μ) / σ as the product [z, 1] [1/σ, -μ/σ]ᵀ, which costs one pass.
    let left = Tensor.concatenated([z.transposed().reshaped([d, n, 1]), .ones([d, n, 1])], axis: 2)
    let right = Tensor.concatenated([precision, -(components.mean.transposed().reshaped([d, 1, m]) * precision)], axis: 1)
    let standard = left.matrixProduct(right)
    // -½ ((z - μ) / σ)² - ln σ - ½ ln 2π
    return standard.squared().affine(scale: -0.5, shift: -halfLogTwoPi) - logDeviation
  }

  /// ln q(z) of every row, and ln q(z_j) of every coordinate; z: [n, d] -> [n] and [n, d].
  package func logProbabilities(of z: Tensor) -> (joint: Tensor, marginals: Tensor) {
    let pairs = pairs(z)
    return ((pairs.sum(axis: 0) + logWeights).logSumExp(), (pairs + logWeights).logSumExp().transposed())
  }

  /// ln q(z|x) - ln p(z) in three parts, whose sum it is whatever the estimator: [n] each, in nats.
  package struct Parts: Sendable {
    /// ln q(z|x) - ln q(z), on average I(x; z).
    package let mutualInformation: Tensor
    /// ln q(z) - Σ_j ln q(z_j), on average TC(z).
    package let totalCorrelation: Tensor
    /// Σ_j ln q(z_j) - ln p(z_j), on average Σ_j KL(q(z_j) ‖ N(0, 1)).
    package let dimensionKL: Tensor
  }

  /// The parts of draws, z_n from component n; z: [M, d].
  package func parts(of z: Tensor) -> Parts {
    let (joint, marginals) = logProbabilities(of: z)
    let product = marginals.rowSums()
    let prior = Normal.standard(rows: z.shape[0], dimensions: z.shape[1])
    return Parts(
      mutualInformation: components.logProbability(of: z) - joint, totalCorrelation: joint - product,
      dimensionKL: product - prior.logProbability(of: z))
  }
}
