package import Tensors

/// A distribution of independent dimensions, of which some may be asked about alone.
package protocol Factorised: Distribution {
  /// [rows, dimensions]
  var variance: Tensor { get }

  /// Σ w_j ln p(x_j) of every row: x and weights [rows, dimensions], x finite -> [rows], in nats.
  func logProbability(of x: Tensor, weights: Tensor) -> Tensor
}

extension Bernoulli: Factorised {
  // p (1 - p)
  package var variance: Tensor { mean * (1 - mean) }

  // Σ w (x l - softplus(l))
  package func logProbability(of x: Tensor, weights: Tensor) -> Tensor { (x * logits - logits.softplus()).rowDots(weights) }
}

extension Normal: Factorised {
  package var variance: Tensor { deviation.squared() }

  // Σ w (-½ ((x - m) / s)² - ln s - ½ ln 2π)
  package func logProbability(of x: Tensor, weights: Tensor) -> Tensor {
    (((x - mean) / deviation).squared().affine(scale: -0.5, shift: -halfLogTwoPi) - logDeviation).rowDots(weights)
  }
}
