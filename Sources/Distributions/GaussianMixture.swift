package import Tensors

/// A mixture of k Gaussians, the same for every row or one of its own a row; their covariances are diagonal unless `regressions` are given.
package struct GaussianMixture: Distribution {
  /// Unnormalised logarithms of the weights: [rows, k], or [1, k] where all rows share them.
  package let logits: Tensor
  /// [rows, k, dimensions], or [1, k, dimensions] where all rows share the components.
  package let means: Tensor
  /// Standard deviations, positive, in the shape of `means`; with `regressions` those of each coordinate given the coordinates before it.
  package let deviations: Tensor
  /// B of full covariances, strictly lower triangular: [rows, k, dimensions, dimensions], or with one row that all share.
  ///
  /// What is left of a coordinate, e_j = (x - μ)_j - Σ_i<j B_ji (x - μ)_i, is N(0, s_j²), independent of the others (Pourahmadi 1999): any B and any
  /// positive s make a covariance, and every one has one such pair.
  package let regressions: Tensor?

  package init(logits: Tensor, means: Tensor, deviations: Tensor, regressions: Tensor? = nil) {
    precondition(
      logits.shape.rank == 2 && means.shape.rank == 3, "logits \(logits.shape) and means \(means.shape) are not [rows, k] and [rows, k, d]")
    precondition(logits.shape[1] == means.shape[1] && means.shape[1] > 0, "\(logits.shape[1]) weights for \(means.shape[1]) components")
    precondition(
      logits.shape[0] == means.shape[0] || logits.shape[0] == 1 || means.shape[0] == 1, "logits \(logits.shape) beside means \(means.shape)")
    if let regressions {
      precondition(regressions.shape == means.shape.appending(means.shape[2]), "regressions \(regressions.shape) beside means \(means.shape)")
    }
    self.logits = logits
    self.means = means
    self.deviations = deviations.expanded(to: means.shape)
    self.regressions = regressions
  }

  private var components: Int { means.shape[1] }
  private var dimensions: Int { means.shape[2] }

  // Σ_k π_k μ_k; one row where everything is shared
  package var mean: Tensor { (logits.softmax().reshaped(logits.shape.appending(1)) * means).sum(axis: 1) }

  /// ln π_k + ln N(x; μ_k, s_k): x [rows, dimensions] -> [rows, k], in nats.
  package func logJoint(of x: Tensor) -> Tensor {
    precondition(x.shape.rank == 2 && x.shape[1] == dimensions, "an observation \(x.shape) beside components of \(dimensions) dimensions")
    let z = residuals(x.reshaped([x.shape[0], 1, dimensions]) - means) / deviations
    // -½ Σ_j (e_kj / s_kj)² - Σ_j ln s_kj - d ½ ln 2π
    let quadratic = z.squared().sum(axis: -1) * -0.5 - Float(dimensions) * halfLogTwoPi
    return quadratic - deviations.log().sum(axis: -1) + logits.logSoftmax()
  }

  /// e of x - μ_k: [rows, k, dimensions] both.
  private func residuals(_ differences: Tensor) -> Tensor {
    guard let regressions else { return differences }
    let (n, k, d) = (differences.shape[0], components, dimensions)
    return differences - (regressions * differences.reshaped([n, k, 1, d])).sum(axis: -1)
  }

  // ln Σ_k π_k N(x; μ_k, s_k)
  package func logProbability(of x: Tensor) -> Tensor { logJoint(of: x).logSumExp() }

  /// p(k | x), rows that sum to 1: [rows, k].
  package func responsibilities(of x: Tensor) -> Tensor { logJoint(of: x).softmax() }

  /// An upper bound on KL(q ‖ self) of every row, the exact divergence where there is one component: [rows], in nats (Hershey and Olsen 2007, section 7).
  package func divergenceBound(of q: Normal) -> Tensor {
    let apart: Shape = [q.mean.shape[0], 1, dimensions]
    let (mean, deviation) = (q.mean.reshaped(apart), q.deviation.reshaped(apart))
    // KL(q ‖ N_k) = Σ_j ln(s_kj / s_j) + (E e_kj²) / (2 s_kj²) - ½, in which E e_kj² = s_j² + Σ_i<j B_ji² s_i² + e_kj(m)²
    var squares = (deviation / deviations).squared() + (residuals(mean - means) / deviations).squared()
    if let regressions {
      let (n, k, d) = (q.mean.shape[0], components, dimensions)
      let through = (regressions.squared() * deviation.squared().reshaped([n, 1, 1, d])).sum(axis: -1)
      squares = squares + through.reshaped([n, k, d]) / deviations.squared()
    }
    let apiece = (deviations.log() - deviation.log() + 0.5 * squares - 0.5).sum(axis: -1)
    // -ln Σ_k π_k e^-KL_k, the least of Σ_k r_k (KL_k + ln r_k / π_k) over all r
    return -(logits.logSoftmax() - apiece).logSumExp()
  }

  /// A component a row, then its Gaussian; gradients reach what the chosen component is made of, not the weights.
  package func sample(_ keys: RowKeys) -> Tensor {
    let rows = keys.count
    for own in [logits.shape[0], means.shape[0]] { precondition(own == 1 || own == rows, "\(rows) keys for \(own) rows") }
    return sample(keys, of: Categorical(logits: logits.expanded(to: [rows, components])).sampleIndices(keys.split("component")))
  }

  /// A draw of one component a row, the one that `sample(_:)` takes where it chooses the same.
  package func sample(_ keys: RowKeys, of chosen: [Int]) -> Tensor {
    let places = means.shape[0] == 1 ? chosen : chosen.enumerated().map { $0.offset * components + $0.element }
    func own(_ tensor: Tensor, _ width: Int) -> Tensor { tensor.reshaped([means.shape[0] * components, width]).gather(places) }
    let (mean, deviation) = (own(means, dimensions), own(deviations, dimensions))
    guard let regressions else { return Normal(mean: mean, deviation: deviation).sample(keys.split("position")) }
    let e = Normal(mean: .zeros(mean.shape), deviation: deviation).sample(keys.split("position"))
    let own = own(regressions, dimensions * dimensions)
    // (x - μ)_j = e_j + Σ_i<j B_ji (x - μ)_i
    var x = e.slice(1, 0..<1)
    for j in 1..<max(dimensions, 1) {
      let through = (x * own.slice(1, j * dimensions..<j * dimensions + j)).sum(axis: 1, keepingDimensions: true)
      x = Tensor.concatenated([x, e.slice(1, j..<j + 1) + through], axis: 1)
    }
    return mean + x
  }

  /// The same mixture with every component's deviations, along whatever axes it has, multiplied by one number.
  package func widened(by factor: Float) -> GaussianMixture {
    GaussianMixture(logits: logits, means: means, deviations: deviations * factor, regressions: regressions)
  }
}

extension Shape {
  fileprivate func appending(_ extent: Int) -> Shape { Shape(dimensions + [extent]) }
}
