package import Tensors

/// Bounds ln p(some numbers | others) for any split of an item's numbers.
package protocol ConditionalScoring: Scoring {
  /// The bounds of ln p(targets | the other observed numbers), every one in nats of raw units.
  ///
  /// A row's numbers do not depend on missing (NaN) entries beyond their being missing: a missing target is not scored, a missing condition not used.
  /// `Scoring.score` is the case in which every number is a target.
  ///
  /// - Parameters:
  ///   - x: [n, width] in model units, NaN where a number is missing.
  ///   - targets: 1 where a number is to be scored, 0 where it is given: [n, width].
  func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores
}

extension ConditionalScoring {
  /// Every observed number at once, given nothing.
  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    score(x, targets: .ones(x.shape), draws: draws, estimator: .proposal, keys: keys)
  }
}

/// Where the latent draws of a conditional bound come from.
package enum ConditionalEstimator: String, SettingValue, CaseIterable {
  /// ln 1/k Σ p(targets | z_k, given) p(z_k | given) / q(z_k | targets, given) with z from q: importance sampling, the tighter one.
  case proposal
  /// ln 1/k Σ p(targets | z_k, given) with z from p(z | given): plain Monte Carlo, which needs no proposal network.
  case prior
}
