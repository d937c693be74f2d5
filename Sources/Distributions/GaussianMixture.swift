package import Tensors

/// A mixture of k diagonal Gaussians, the same for every row or one of its own a row.
package struct GaussianMixture: Distribution {
  /// Unnormalised logarithms of the weights: [rows, k], or [1, k] where all rows share them.
  package let logits: Tensor
  /// [rows, k, dimensions], or [1, k, dimensions] where all rows share the components.
  package let means: Tensor
  /// Standard deviations, positive, in the shape of `means`.
  package let deviations: Tensor

  package init(logits: Tensor, means: Tensor, deviations: Tensor) {
    precondition(
      logits.shape.rank == 2 && means.shape.rank == 3, "logits \(logits.shape) and means \(means.shape) are not [rows, k] and [rows, k, d]")
    precondition(logits.shape[1] == means.shape[1] && means.shape[1] > 0, "\(logits.shape[1]) weights for \(means.shape[1]) components")
    precondition(
      logits.shape[0] == means.shape[0] || logits.shape[0] == 1 || means.shape[0] == 1, "logits \(logits.shape) beside means \(means.shape)")
    self.logits = logits
    self.means = means
    self.deviations = deviations.expanded(to: means.shape)
  }

  private var components: Int { means.shape[1] }
  private var dimensions: Int { means.shape[2] }

  // Σ_k π_k μ_k; one row where everything is shared
  package var mean: Tensor { (logits.softmax().reshaped(logits.shape.appending(1)) * means).sum(axis: 1) }

  /// ln π_k + ln N(x; μ_k, s_k): x [rows, dimensions] -> [rows, k], in nats.
  package func logJoint(of x: Tensor) -> Tensor {
    precondition(x.shape.rank == 2 && x.shape[1] == dimensions, "an observation \(x.shape) beside components of \(dimensions) dimensions")
    let z = (x.reshaped([x.shape[0], 1, dimensions]) - means) / deviations
    // -½ Σ_j ((x_j - μ_kj) / s_kj)² - Σ_j ln s_kj - d ½ ln 2π
    let quadratic = z.squared().sum(axis: -1) * -0.5 - Float(dimensions) * halfLogTwoPi
    return quadratic - deviations.log().sum(axis: -1) + logits.logSoftmax()
  }

  // ln Σ_k π_k N(x; μ_k, s_k)
  package func logProbability(of x: Tensor) -> Tensor { logJoint(of: x).logSumExp() }

  /// p(k | x), rows that sum to 1: [rows, k].
  package func responsibilities(of x: Tensor) -> Tensor { logJoint(of: x).softmax() }

  /// An upper bound on KL(q ‖ self) of every row, the exact divergence where there is one component: [rows], in nats (Hershey and Olsen 2007, section 7).
  package func divergenceBound(of q: Normal) -> Tensor {
    let apart: Shape = [q.mean.shape[0], 1, dimensions]
    let (mean, deviation) = (q.mean.reshaped(apart), q.deviation.reshaped(apart))
    // KL(q ‖ N_k) = Σ_j ln(s_kj / s_j) + (s_j² + (m_j - μ_kj)²) / (2 s_kj²) - ½
    let squares = (deviation / deviations).squared() + ((mean - means) / deviations).squared()
    let apiece = (deviations.log() - deviation.log() + 0.5 * squares - 0.5).sum(axis: -1)
    // -ln Σ_k π_k e^-KL_k, the least of Σ_k r_k (KL_k + ln r_k / π_k) over all r
    return -(logits.logSoftmax() - apiece).logSumExp()
  }

  /// A component a row, then its Gaussian; gradients reach the chosen component's mean and deviation, not the weights.
  package func sample(_ keys: RowKeys) -> Tensor {
    let rows = keys.count
    for own in [logits.shape[0], means.shape[0]] { precondition(own == 1 || own == rows, "\(rows) keys for \(own) rows") }
    let chosen = Categorical(logits: logits.expanded(to: [rows, components])).sampleIndices(keys.split("component"))
    let places = means.shape[0] == 1 ? chosen : chosen.enumerated().map { $0.offset * components + $0.element }
    let flat: Shape = [means.shape[0] * components, dimensions]
    let component = Normal(mean: means.reshaped(flat).gather(places), deviation: deviations.reshaped(flat).gather(places))
    return component.sample(keys.split("position"))
  }
}

extension Shape {
  fileprivate func appending(_ extent: Int) -> Shape { Shape(dimensions + [extent]) }
}
