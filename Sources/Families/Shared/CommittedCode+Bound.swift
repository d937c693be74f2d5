internal import Distributions
internal import Modelling
internal import Optimisation
internal import Tensors

// The bounds of a model with such a code, whatever its decoder is.
extension CommittedCode {
  /// - Parameters:
  ///   - q: q(z|x) of the batch.
  ///   - offset: what ln p(x|z) loses in raw units.
  ///   - logLikelihood: ln p(x|z) in model units of codes of the batch so many times over, one draw of all items after the other: [draws n].
  func objective(
    _ q: Normal, offset: Float, _ options: BoundTraining, _ pass: Pass, _ logLikelihood: (_ z: Tensor, _ draws: Int) -> Tensor
  ) -> Objective {
    let (n, draws, keys) = (q.mean.shape[0], options.importanceSamples, pass.keys.split("latent"))
    let objective: Objective
    if draws == 1 {
      let z = q.sample(keys)
      let bound = EvidenceBound(reconstruction: logLikelihood(z, 1).mean(), costs: [costs(q).mean(axes: [0])], top: (q, z), offset: offset)
      objective = bound.objective(options, epoch: pass.epoch)
    } else {
      let zs = (0..<draws).map { q.sample(keys.split($0)) }
      objective =
        WeightedBound(
          logLikelihood: logLikelihood(Tensor.concatenated(zs), draws).reshaped([draws, n]),
          logRatio: Tensor.concatenated(zs.map { (logProbability(of: $0) - q.logProbability(of: $0)).reshaped([1, n]) }),
          kl: divergence(q).mean().scalar, offset: offset
        ).objective
    }
    return Objective(loss: objective.loss, terms: objective.terms + [Term("committed_nats", committedNats)])
  }

  /// - Parameter logLikelihood: ln p(x|z) in raw units: [n].
  func score(_ q: Normal, draws: Int, keys: RowKeys, _ logLikelihood: (_ z: Tensor) -> Tensor) -> Scores {
    var weights = LogMeanExp()
    var reconstruction = Tensor.zeros([q.mean.shape[0]])
    for draw in 0..<max(draws, 1) {
      let z = q.sample(keys.split("latent").split(draw))
      let logLikelihood = logLikelihood(z)
      if draw == 0 { reconstruction = logLikelihood }
      // ln w = ln p(x|z) + ln p(z) - ln q(z|x)
      weights.add(logLikelihood + logProbability(of: z) - q.logProbability(of: z))
    }
    return Scores(layers: [divergence(q)], reconstruction: reconstruction, iwae: weights.value)
  }
}
