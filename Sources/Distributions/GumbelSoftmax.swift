import Foundation
package import Tensors

/// A categorical choice relaxed to the simplex, so that gradients pass through samples (Jang et al. 2017; the Concrete of Maddison et al. 2017).
///
/// Not a `Distribution`: its mean has no closed form.
package struct GumbelSoftmax: Reparameterised {
  /// Unnormalised log-probabilities: [rows, k] or [rows, variables, k].
  package let logits: Tensor
  /// τ > 0; towards 0 samples become one-hot.
  package let temperature: Float

  package init(logits: Tensor, temperature: Float) {
    precondition(logits.shape.rank == 2 || logits.shape.rank == 3, "logits of shape \(logits.shape) are neither [rows, k] nor [rows, variables, k]")
    precondition(temperature > 0 && temperature.isFinite, "a temperature of \(temperature)")
    self.logits = logits
    self.temperature = temperature
  }

  /// Standard Gumbel: the same noise, so the same choice, as `Categorical` draws from these keys.
  package func noise(_ keys: RowKeys) -> Tensor { gumbelNoise(keys, shape: logits.shape) }

  // y = softmax((logits + g) / τ)
  package func sample(noise: Tensor) -> Tensor { ((logits + noise) * (1 / temperature)).softmax() }

  /// ln p(y) of every row, in nats, summed over its variables; y lies inside the simplex, where the density is with respect to its first k - 1 coordinates.
  package func logProbability(of y: Tensor) -> Tensor {
    precondition(y.shape == logits.shape, "an observation \(y.shape) beside logits \(logits.shape)")
    let (k, tau) = (logits.shape[-1], temperature)
    // p(y) = (k-1)! τ^(k-1) Π π_i y_i^(-τ-1) / (Σ π_i y_i^(-τ))^k (Jang et al. 2017, equation 3). With r_i = ln π_i - τ ln y_i:
    // ln p = ln (k-1)! + (k-1) ln τ + Σ (r_i - ln y_i) - k ln Σ exp r_i
    let logY = y.clamped(low: .leastNormalMagnitude, high: 1).log()
    let r = logits.logSoftmax() - tau * logY
    let perChoice = (r - logY).sum(axis: -1) - Float(k) * r.logSumExp()
    let constant = lgamma(Double(k)) + Double(k - 1) * log(Double(tau))
    return perChoice.reshaped([logits.shape[0], logits.shape.rank == 3 ? logits.shape[1] : 1]).affine(scale: 1, shift: Float(constant)).rowSums()
  }
}
