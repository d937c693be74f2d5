package import Tensors

/// A distribution of one event a row; its parameters are tensors whose rows are independent of each other, and gradients flow through them.
///
/// Probabilities are natural logarithms (nats). Densities are with respect to x as it is given.
package protocol Distribution: Sendable {
  /// One event a row: [rows, dimensions]. There are as many keys as rows, and a row depends on its own key alone.
  func sample(_ keys: RowKeys) -> Tensor

  /// ln p(x) of every row, summed over the event's dimensions: x [rows, dimensions] -> [rows], in nats.
  func logProbability(of x: Tensor) -> Tensor

  /// E[x]: [rows, dimensions].
  var mean: Tensor { get }
}

/// A sampler that moves parameter-free noise by a differentiable function of the parameters, so that gradients reach them through a sample.
package protocol Reparameterised: Sendable {
  /// Noise that knows nothing of the parameters and carries no gradient, in the shape of a sample.
  func noise(_ keys: RowKeys) -> Tensor

  /// The sample that this noise leads to.
  func sample(noise: Tensor) -> Tensor
}

extension Reparameterised {
  package func sample(_ keys: RowKeys) -> Tensor { sample(noise: noise(keys)) }
}

/// A distribution whose Kullback-Leibler divergence from another of its kind has a closed form.
package protocol Divergent: Distribution {
  /// KL(self ‖ other) of every row: [rows], in nats.
  func divergence(from other: Self) -> Tensor
}

/// A divergent distribution whose dimensions are independent, so that the divergence is a sum over them.
package protocol FactorisedDivergent: Divergent {
  /// KL(self ‖ other) of every dimension: [rows, dimensions], in nats.
  func divergencePerDimension(from other: Self) -> Tensor
}

extension FactorisedDivergent {
  package func divergence(from other: Self) -> Tensor { divergencePerDimension(from: other).rowSums() }
}
