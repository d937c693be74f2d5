internal import Distributions
package import Modelling
package import Optimisation
package import Tensors

extension DeltaVAE: GradientTrainable {
  /// Nothing is weighed but where it is asked for: with a standard code, what a committed one is compared with.
  package typealias TrainingOptions = BoundTraining

  package func check(items: Tensor) throws(Fault) { try observation.check(items: items) }

  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let (n, draws) = (batch.values.shape[0], options.importanceSamples)
    let x = observed(batch.values, keys: pass.keys)
    let q = posterior(network, x, pass.mode)
    let objective: Objective
    if draws == 1 {
      let z = q.sample(pass.keys.split("latent"))
      let bound = EvidenceBound(
        reconstruction: logLikelihood(network, x, z, pass.mode).mean(), costs: [code.costs(q).mean(axes: [0])], top: (q, z), offset: logVolume)
      objective = bound.objective(options, epoch: pass.epoch)
    } else {
      let zs = (0..<draws).map { q.sample(pass.keys.split("latent").split($0)) }
      let repeated = x.gather((0..<draws * n).map { $0 % n })
      objective =
        WeightedBound(
          logLikelihood: logLikelihood(network, repeated, Tensor.concatenated(zs), pass.mode).reshaped([draws, n]),
          logRatio: Tensor.concatenated(zs.map { (code.logProbability(of: $0) - q.logProbability(of: $0)).reshaped([1, n]) }),
          kl: code.divergence(q).mean().scalar, offset: logVolume
        ).objective
    }
    return Objective(loss: objective.loss, terms: objective.terms + [Term("committed_nats", code.committedNats)])
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, draws: options.importanceSamples, keys: keys)
      .validationBound(importanceSamples: options.importanceSamples, beta: options.beta, rateTarget: options.rateTarget)
  }
}
