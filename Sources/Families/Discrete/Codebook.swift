internal import Distributions
package import Networks
package import Tensors

/// The codes that a layer's places choose from, and how a query h becomes a choice: r_k(h) = π_k N(h; c_k, diag s_k²) / Σ_j π_j N(h; c_j, diag s_j²).
///
/// These are the responsibilities of a Gaussian mixture. Without scales and weights s is 1 and π even, which is relaxed vector quantisation,
/// r_k ∝ exp(-|h - c_k|² / 2) (Sønderby, Poole and Mnih 2017); the likeliest code is then the nearest.
package struct Codebook: Module {
  /// c: [K, d].
  package var codes: Tensor
  /// ln s: [K, d].
  package var logScales: Tensor?
  /// ln π up to a constant: [K].
  package var logWeights: Tensor?

  package static let fields: [Field<Self>] = [
    .parameter("codes", \.codes), .parameter("log_scales", \.logScales), .parameter("log_weights", \.logWeights),
  ]

  /// One code of an endless deviation would be the likeliest everywhere, one of none nowhere.
  package static let logScaleBounds: ClosedRange<Float> = -4...4

  package init(codes: Tensor, logScales: Tensor? = nil, logWeights: Tensor? = nil) {
    (self.codes, self.logScales, self.logWeights) = (codes, logScales, logWeights)
  }

  init(_ count: Int, width: Int, isMixture: Bool, _ source: ParameterSource) {
    self.init(
      codes: source["codes"].tensor([count, width], .normal(deviation: 1)),
      logScales: isMixture ? source["log_scales"].tensor([count, width], .constant(0)) : nil,
      logWeights: isMixture ? source["log_weights"].tensor([count], .constant(0)) : nil)
  }

  package var count: Int { codes.shape[0] }

  /// The same codes without a history: what is learnt through it leaves them alone.
  var still: Codebook { Codebook(codes: codes.detached, logScales: logScales?.detached, logWeights: logWeights?.detached) }

  /// ln π_k N(h; c_k, s_k²) up to a number that all codes of a row share; h: [rows, d] -> [rows, K].
  func logits(of h: Tensor) -> Tensor {
    guard let logScales, let logWeights else {
      // h · c_k - |c_k|² / 2
      return h.linear(weight: codes, bias: codes.squared().rowSums() * -0.5)
    }
    // ln π_k - Σ ln s - Σ h² / 2 s² + Σ h c / s² - Σ c² / 2 s²
    let logS = logScales.clamped(low: Self.logScaleBounds.lowerBound, high: Self.logScaleBounds.upperBound)
    let precision = (-2 * logS).exp()
    let scaled = codes * precision
    let constant = logWeights - logS.rowSums() - (codes * scaled).rowSums() * 0.5
    return Tensor.concatenated([h.squared(), h], axis: 1)
      .linear(weight: Tensor.concatenated([precision * -0.5, scaled], axis: 1), bias: constant)
  }

  /// ln r(h), by log-sum-exp: [rows, d] -> [rows, K].
  package func logResponsibilities(of h: Tensor) -> Tensor { logits(of: h).logSoftmax() }

  /// Σ_k z_k c_k; z: [rows, K] -> [rows, d].
  package func embedding(of z: Tensor) -> Tensor { z.matrixProduct(codes) }

  package func embedding(of indices: [Int]) -> Tensor { codes.gather(indices) }

  /// KL(r || p) of every row: [rows, K] both -> [rows].
  package static func divergence(_ logR: Tensor, from logP: Tensor) -> Tensor { (logR.exp() * (logR - logP)).rowSums() }

  /// e to the entropy of how often each code is chosen, which is K where all are chosen alike; r: [rows, K].
  package static func perplexity(_ r: Tensor) -> Float {
    let use = r.detached.columnSums().scalars.map(Double.init)
    return Perplexity.of(use)
  }
}
