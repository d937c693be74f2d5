package import Distributions
internal import Modelling
package import Tensors

/// How the head of a network is read as a standard deviation.
package enum ScaleReading: String, CaseIterable, SettingValue {
  /// sd = ln(1 + eʰ)
  case softplus
  /// sd = eʰ: the head is ln sd.
  case exp
  /// sd = e^(h/2): the head is ln variance, as in most PyTorch examples.
  case expHalf = "exp_half"
  /// sd = 1 / (1 + e⁻ʰ), never above 1: no wider than a standard normal prior.
  case sigmoid

  /// The diagonal Gaussian of a mean and a scale head; `floor` is added to a softplus or sigmoid, where a deviation could vanish.
  package func normal(mean: Tensor, head: Tensor, floor: Float = 0) -> Normal {
    switch self {
    case .softplus: Normal(mean: mean, deviation: floor == 0 ? head.softplus() : head.softplus() + floor)
    case .exp: Normal(mean: mean, logDeviation: head)
    case .expHalf: Normal(mean: mean, logDeviation: 0.5 * head)
    case .sigmoid: Normal(mean: mean, deviation: floor == 0 ? head.sigmoid() : head.sigmoid() + floor)
    }
  }

  /// ln sd of a scale head.
  package func logDeviation(head: Tensor, floor: Float = 0) -> Tensor {
    switch self {
    case .softplus: (floor == 0 ? head.softplus() : head.softplus() + floor).log()
    case .exp: head
    case .expHalf: 0.5 * head
    case .sigmoid: (floor == 0 ? head.sigmoid() : head.sigmoid() + floor).log()
    }
  }
}
