package import Tensors

/// Independent Laplace variables: p(x) = exp(-|x - m| / b) / 2b.
package struct Laplace: FactorisedDivergent, Reparameterised {
  /// [rows, dimensions]
  package let mean: Tensor
  /// b: [rows, dimensions], positive; the standard deviation is b √2.
  package let scale: Tensor
  /// ln b: [rows, dimensions].
  package let logScale: Tensor

  /// `scale` is positive and broadcasts to the shape of `mean`: [rows, dimensions].
  package init(mean: Tensor, scale: Tensor) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    self.mean = mean
    self.scale = scale.expanded(to: mean.shape)
    logScale = scale.log().expanded(to: mean.shape)
  }

  /// `logScale` broadcasts to the shape of `mean`; it is held inside -80...80, where a scale and its reciprocal are normal float32 numbers.
  package init(mean: Tensor, logScale: Tensor) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    let held = logScale.clamped(low: -80, high: 80)
    self.mean = mean
    scale = held.exp().expanded(to: mean.shape)
    self.logScale = held.expanded(to: mean.shape)
  }

  /// Laplace(0, 1), by the inverse of its distribution function; 23 random bits a scalar, so |noise| < 16.
  package func noise(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == mean.shape[0], "\(keys.count) keys for \(mean.shape[0]) rows")
    let centred = keys.uniform(mean.shape[1]) - 0.5
    // v = u - ½: -sign(v) ln(1 - 2|v|), taken with the sign of v
    return -centred.sign() * (1 - 2 * centred.absolute()).log()
  }

  // x = m + b ε
  package func sample(noise: Tensor) -> Tensor { mean + scale * noise }

  package func logProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == mean.shape, "an observation \(x.shape) beside parameters \(mean.shape)")
    // ln p = -|x - m| / b - ln b - ln 2
    return (-((x - mean) / scale).absolute() - logScale - 0.693_147_18).rowSums()
  }

  package func divergencePerDimension(from other: Laplace) -> Tensor {
    // ln(b₂ / b₁) + (d + b₁ exp(-d / b₁)) / b₂ - 1, where d = |m₁ - m₂|
    let distance = (mean - other.mean).absolute()
    return other.logScale - logScale + (distance + scale * (-(distance / scale)).exp()) / other.scale - 1
  }
}
