package import Tensors

/// Independent coin flips, given by their log-odds.
package struct Bernoulli: FactorisedDivergent {
  /// ln(p / (1 - p)): [rows, dimensions].
  package let logits: Tensor

  package init(logits: Tensor) {
    precondition(logits.shape.rank == 2, "logits of shape \(logits.shape) are not [rows, dimensions]")
    self.logits = logits
  }

  /// The probability of a one: [rows, dimensions].
  package var mean: Tensor { logits.sigmoid() }

  /// Zeros and ones.
  package func sample(_ keys: RowKeys) -> Tensor { keys.bernoulli(mean.detached) }

  /// x is 0 or 1, or between: a grey value is then read as the expectation of a coin, and the result is minus the cross-entropy.
  package func logProbability(of x: Tensor) -> Tensor {
    // Σ x l - softplus(l), fused; an observation that is itself watched takes the way that reaches it.
    x.isWatched ? (x * logits - logits.softplus()).rowSums() : logits.bernoulliLogProbability(of: x)
  }

  package func divergencePerDimension(from other: Bernoulli) -> Tensor {
    // Σ_x p(x) (ln p(x) - ln q(x)) = p (l₁ - l₂) + softplus(l₂) - softplus(l₁)
    mean * (logits - other.logits) + other.logits.softplus() - logits.softplus()
  }
}
