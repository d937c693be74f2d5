package import Distributions
internal import Modelling
internal import Optimisation
package import Tensors

/// What the families with arbitrary conditioning (Ivanov et al. 2019) have in common, whatever their networks are.
package enum ArbitraryConditioning {
  /// softplus(raw), no less than `floor`.
  package static func deviation(_ raw: Tensor, floor: Float) -> Tensor { raw.softplus().clamped(low: floor, high: .greatestFiniteMagnitude) }

  /// N(μ, σ²) from the two halves of a head, σ = max(softplus, 1e-3); head: [n, 2 latent].
  static func normal(_ head: Tensor) -> Normal {
    let parts = head.split(1, into: 2)
    return Normal(mean: parts[0], deviation: deviation(parts[1], floor: 1e-3))
  }

  /// -‖μ‖² / (2 σ_μ²) + σ_σ Σ (ln σ - σ) of the prior network's answer, which keeps it from drifting to infinity; σ_μ = 1e4, σ_σ = 1e-4: [n].
  package static func regulariser(_ prior: Normal) -> Tensor {
    prior.mean.squared().rowSums() * (-0.5 / 1e8) + (prior.logDeviation - prior.deviation).rowSums() * 1e-4
  }

  /// E_q[ln p(x_b | z)] - KL(q ‖ prior) + regulariser, the expectation by one draw that `reconstruction` is of, as a loss with its terms.
  ///
  /// reconstruction: [n] in model units; offset: what it loses on the way to raw units, on average.
  static func objective(reconstruction: Tensor, q: Normal, prior: Normal, offset: Float) -> Objective {
    let reconstruction = reconstruction.mean()
    let kl = q.divergence(from: prior).mean()
    let regulariser = regulariser(prior).mean()
    return Objective(
      loss: kl - reconstruction - regulariser,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl.scalar - offset),
        Term("reconstruction_nats", reconstruction.scalar - offset),
        Term("kl_nats", kl.scalar),
        Term("prior_regulariser", regulariser.scalar),
      ])
  }

  /// The same of categorical latent variables, whose KL is in closed form and whose prior can't drift; `reconstruction` is a mean over the batch.
  static func objective(reconstruction: Tensor, q: Categorical, prior: Categorical, offset: Float) -> Objective {
    let kl = q.divergence(from: prior).mean()
    return Objective(
      loss: kl - reconstruction,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl.scalar - offset), Term("reconstruction_nats", reconstruction.scalar - offset),
        Term("kl_nats", kl.scalar),
      ])
  }

  /// The bounds of ln p(x_b | x_1-b): the objective's, Ivanov et al. 2019 equation 5, and its importance-weighted form.
  ///
  /// logLikelihood: ln p(x_b | z, x_1-b, b) in raw units, [n, latent] -> [n].
  static func scores(
    draws: Int, q: Belief, prior: Belief, estimator: ConditionalEstimator, keys: RowKeys, logLikelihood: (Tensor) -> Tensor
  ) -> Scores {
    let kl = q.divergence(from: prior)
    var reconstruction: Tensor?
    let logWeights = (0..<max(draws, 1)).map { draw in
      let noise = keys.split("latent").split(draw)
      let logWeight: Tensor
      switch estimator {
      case .proposal:
        let z = q.sample(noise)
        let logLikelihood = logLikelihood(z)
        if draw == 0 { reconstruction = logLikelihood }
        logWeight = logLikelihood + prior.logProbability(of: z) - q.logProbability(of: z)
      case .prior: logWeight = logLikelihood(prior.sample(noise))
      }
      return logWeight.reshaped([1, q.rows])
    }
    let single = reconstruction ?? logLikelihood(q.sample(keys.split("latent").split(0)))
    return Scores(elbo: single - kl, kl: kl, reconstruction: single, iwae: iwaeBound(Tensor.concatenated(logWeights)))
  }
}
