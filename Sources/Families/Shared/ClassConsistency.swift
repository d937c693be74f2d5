package import Modelling
package import Tensors

/// That q(y|x) stays what it is under maps T of x that leave the class alone, is sure of single items and even over all (IMSAT; Hu et al. 2017).
///
///     R = KL(sg q(y|x) || q(y|Tx)) + λ (E H(q(y|x)) + μ KL(E q(y|x) || p(y)))
///
/// Without the last term a few components take all items.
package struct ClassConsistency: Settings {
  /// λ
  package var entropyWeight: Float
  /// μ
  package var balanceWeight: Float

  package init() { self.init(entropyWeight: 0.1) }

  package init(entropyWeight: Float = 0.1, balanceWeight: Float = 4) {
    (self.entropyWeight, self.balanceWeight) = (entropyWeight, balanceWeight)
  }

  package static let table = Table<Self> {
    Setting("entropy_weight", \.entropyWeight, in: 0..., "Of how unsure q(y|x) is, beside its consistency under maps.")
    Setting("balance_weight", \.balanceWeight, in: 0..., "Of how uneven its mean is against p(y), times entropy_weight.")
  }

  /// R of a batch, and its parts.
  package struct Value {
    package let loss: Tensor
    package let terms: [Term]
  }

  /// - Parameters:
  ///   - logits: unnormalised ln q(y|x): [n, components].
  ///   - mapped: of q(y|Tx), likewise.
  ///   - logPrior: ln p(y): [components].
  package func callAsFunction(_ logits: Tensor, mapped: Tensor, logPrior: Tensor) -> Value {
    let logQ = logits.logSoftmax()
    let q = logQ.exp()
    let change = q.detached.rowDots(logQ.detached - mapped.logSoftmax()).mean()
    let entropy = -q.rowDots(logQ).mean()
    let mean = q.mean(axes: [0])
    // The small number keeps the logarithm of a component without any item finite.
    let imbalance = (mean * ((mean + 1e-20).log() - logPrior)).sum()
    return Value(
      loss: change + entropyWeight * (entropy + balanceWeight * imbalance),
      terms: [
        Term("change_nats", change.scalar), Term("class_entropy_nats", entropy.scalar), Term("imbalance_nats", imbalance.scalar),
      ])
  }
}
