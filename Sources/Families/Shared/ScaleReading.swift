package import Distributions
internal import Modelling
package import Tensors

/// How the head of a network is read as a positive number, mostly a standard deviation.
package enum ScaleReading: String, CaseIterable, SettingValue {
  /// sd = ln(1 + eʰ)
  case softplus
  /// sd = eʰ: the head is ln sd.
  case exp
  /// sd = e^(h/2): the head is ln variance, as in most PyTorch examples.
  case expHalf = "exp_half"
  /// sd = 1 / (1 + e⁻ʰ), never above 1: no wider than a standard normal prior.
  case sigmoid

  /// Whether a floor may be added: what is read is bounded below by 0 and not by a logarithm.
  package var hasFloor: Bool { self == .softplus || self == .sigmoid }

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

  /// The beta-binomial of two heads, each read as a positive number.
  ///
  /// Beyond a + b of about e^20 it is a binomial to all the digits there are; both are held there at their ratio, since ln B of greater ones has
  /// none.
  package func betaBinomial(a: Tensor, b: Tensor, floor: Float, trials: Int) -> BetaBinomial {
    switch self {
    case .softplus: return BetaBinomial(a: a.softplusAbove(floor), b: b.softplusAbove(floor), trials: trials)
    case .sigmoid: return BetaBinomial(a: a.sigmoidAbove(floor), b: b.sigmoidAbove(floor), trials: trials)
    case .exp, .expHalf:
      let (a, b) = self == .exp ? (a, b) : (0.5 * a, 0.5 * b)
      let excess = (Tensor.maximum(a, b) - 20).relu()
      return BetaBinomial(a: (a - excess).clamped(low: -80, high: 80).exp(), b: (b - excess).clamped(low: -80, high: 80).exp(), trials: trials)
    }
  }
}

extension Tensor {
  /// ln(1 + eʰ) + floor, positive also where there is no floor.
  fileprivate func softplusAbove(_ floor: Float) -> Tensor {
    floor == 0 ? clamped(low: -80, high: .greatestFiniteMagnitude).softplus() : softplus() + floor
  }

  /// 1 / (1 + e⁻ʰ) + floor, positive also where there is no floor.
  fileprivate func sigmoidAbove(_ floor: Float) -> Tensor {
    floor == 0 ? clamped(low: -80, high: .greatestFiniteMagnitude).sigmoid() : sigmoid() + floor
  }
}
