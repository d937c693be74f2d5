internal import Distributions
package import Modelling
package import Tensors

extension VAEAC: ConditionalScoring {
  package var observationModel: String {
    let reals =
      switch configuration.deviation {
      case .learned: "gaussian densities of learned deviation"
      case .fixed: "gaussian densities of deviation 1 in model units, which is no calibrated density"
      }
    let types = Set((0..<signature.width).map(signature.space.type))
    let logarithms = types.contains(.positive) ? " (log-normal where positive)" : ""
    let counts = types.contains(.count) ? "; negative binomial probabilities of counts" : ""
    return "independent columns given z: \(reals)\(logarithms), densities in raw units\(counts); probabilities of categories"
  }

  /// With b = 1 for targets and missing numbers.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let missing = coding.missing(x)
    let hidden = Tensor.maximum(missing, targets)
    let weights = hidden - missing
    let evidence = evidence(network, x, hidden: hidden)
    let q = proposal(network, x, missing: missing, hidden: hidden)
    let volumes = logVolumes(x, weights: weights)
    return ArbitraryConditioning.scores(draws: draws, q: .gaussian(q), prior: .gaussian(evidence.prior), estimator: estimator, keys: keys) { z in
      observation.logProbability(of: x, weights: weights, decode(network, z, evidence)) - volumes
    }
  }
}
