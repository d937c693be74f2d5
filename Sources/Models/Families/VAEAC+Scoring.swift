internal import Distributions
package import Tensors

extension VAEAC: ConditionalScoring {
  package var observationModel: String {
    let reals =
      switch configuration.deviation {
      case .learned: "gaussian densities of learned deviation"
      case .fixed: "gaussian densities of deviation 1 in model units, which is no calibrated density"
      }
    let types = Set((signature.columns ?? []).map(\.type))
    let logarithms = types.contains(.positive) ? " (log-normal where positive)" : ""
    let counts = types.contains(.count) ? "; negative binomial probabilities of counts" : ""
    return "independent columns given z: \(reals)\(logarithms), densities in raw units\(counts); probabilities of categories"
  }

  /// With b = 1 for targets and missing numbers: the objective's bound, Ivanov et al. 2019 equation 5, and its importance-weighted form.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let missing = coding.missing(x)
    let hidden = Tensor.maximum(missing, targets)
    let weights = hidden - missing
    let evidence = evidence(network, x, hidden: hidden)
    let q = proposal(network, x, missing: missing, hidden: hidden)
    let kl = q.divergence(from: evidence.prior)
    let volumes = logVolumes(x, weights: weights)
    func logLikelihood(_ z: Tensor) -> Tensor { observation.logProbability(of: x, weights: weights, decode(network, z, evidence)) - volumes }

    var reconstruction: Tensor?
    let logWeights = (0..<max(draws, 1)).map { draw in
      let noise = keys.split("latent").split(draw)
      let logWeight: Tensor
      switch estimator {
      case .proposal:
        let z = q.sample(noise)
        let logLikelihood = logLikelihood(z)
        if draw == 0 { reconstruction = logLikelihood }
        logWeight = logLikelihood + evidence.prior.logProbability(of: z) - q.logProbability(of: z)
      case .prior: logWeight = logLikelihood(evidence.prior.sample(noise))
      }
      return logWeight.reshaped([1, x.shape[0]])
    }
    let single = reconstruction ?? logLikelihood(q.sample(keys.split("latent").split(0)))
    return Scores(elbo: single - kl, kl: kl, reconstruction: single, iwae: iwaeBound(Tensor.concatenated(logWeights)))
  }
}
