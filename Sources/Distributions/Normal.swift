package import Tensors

/// Independent normal variables: a Gaussian with a diagonal covariance.
package struct Normal: FactorisedDivergent, Reparameterised {
  /// [rows, dimensions]
  package let mean: Tensor
  /// The deviation and its logarithm as they were given, not yet stretched: a fixed one costs nothing a scalar.
  private let spread: Tensor
  private let logSpread: Tensor

  /// Standard deviation: [rows, dimensions], positive.
  package var deviation: Tensor { spread.expanded(to: mean.shape) }
  /// ln deviation: [rows, dimensions].
  package var logDeviation: Tensor { logSpread.expanded(to: mean.shape) }

  /// `deviation` is positive and broadcasts to the shape of `mean`: [rows, dimensions].
  package init(mean: Tensor, deviation: Tensor) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    self.mean = mean
    spread = deviation
    logSpread = deviation.log()
    checkSpread()
  }

  /// `logDeviation` broadcasts to the shape of `mean`; it is held inside -80...80, where a deviation and its reciprocal are normal float32 numbers.
  package init(mean: Tensor, logDeviation: Tensor) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    self.mean = mean
    logSpread = logDeviation.clamped(low: -80, high: 80)
    spread = logSpread.exp()
    checkSpread()
  }

  private func checkSpread() {
    precondition(spread.shape.broadcast(with: mean.shape) == mean.shape, "deviations of shape \(spread.shape) beside means of \(mean.shape)")
  }

  /// N(0, 1) in every dimension.
  package static func standard(rows: Int, dimensions: Int) -> Normal {
    Normal(mean: .zeros([rows, dimensions]), deviation: .ones([1, 1]))
  }

  /// ε ~ N(0, 1).
  package func noise(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == mean.shape[0], "\(keys.count) keys for \(mean.shape[0]) rows")
    return keys.normal(mean.shape[1])
  }

  // x = m + s ε
  package func sample(noise: Tensor) -> Tensor { mean + noise * spread }

  package func logProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == mean.shape, "an observation \(x.shape) beside parameters \(mean.shape)")
    // Σ ln p = -½ Σ ((x - m) / s)² - Σ ln s - D ½ ln 2π
    let z = (x - mean) * spread.reciprocal()
    return z.rowDots(z) * -0.5 - logDeviation.rowSums() - Float(mean.shape[1]) * halfLogTwoPi
  }

  package func divergencePerDimension(from other: Normal) -> Tensor {
    // ln(s₂ / s₁) + (s₁² + (m₁ - m₂)²) / (2 s₂²) - ½
    let ratio = (deviation / other.deviation).squared()
    let shift = ((mean - other.mean) / other.deviation).squared()
    return other.logDeviation - logDeviation + 0.5 * (ratio + shift) - 0.5
  }

  /// E ln self - ln other(x) of every dimension: KL(self ‖ other) on average over x ~ self, also where `other` hangs on x: [rows, dimensions].
  package func divergencePerDimension(from other: Normal, at x: Tensor) -> Tensor {
    // ln(s₂ / s₁) + ½ ((x - m₂) / s₂)² - ½
    other.logDeviation - logDeviation + ((x - other.mean) / other.deviation).squared().affine(scale: 0.5, shift: -0.5)
  }

  /// KL(self ‖ N(0, 1)) of every dimension: [rows, dimensions], in nats.
  package var standardKL: Tensor {
    // ½ (s² + m² - 1) - ln s
    (deviation.squared() + mean.squared()).affine(scale: 0.5, shift: -0.5) - logDeviation
  }

  /// The squared 2-Wasserstein distance of every row: [rows].
  package func squaredWasserstein(to other: Normal) -> Tensor {
    // ‖m₁ - m₂‖² + ‖s₁ - s₂‖²
    ((mean - other.mean).squared() + (deviation - other.deviation).squared()).rowSums()
  }

  /// The normalised product of both densities, in which each mean weighs by its precision (Sønderby et al. 2016, equations 11 to 13).
  package func merged(with other: Normal) -> Normal {
    // v = 1 / (1/v₁ + 1/v₂), m = v (m₁/v₁ + m₂/v₂). With w = v/v₁ = sigmoid(ln v₂/v₁): m = m₂ + w (m₁ - m₂), ln s = ln s₁ + ½ ln w, and nothing overflows.
    let logRatio = 2 * (other.logDeviation - logDeviation)
    return Normal(
      mean: other.mean + logRatio.sigmoid() * (mean - other.mean),
      logDeviation: logDeviation - 0.5 * (-logRatio).softplus())
  }
}

/// ½ ln 2π.
let halfLogTwoPi: Float = 0.918_938_533_204_672_74
