internal import Distributions
package import Modelling
package import Optimisation
package import Tensors

extension DeltaVAE: GradientTrainable {
  /// Nothing is weighed but where it is asked for: with a standard code, what a committed one is compared with.
  package typealias TrainingOptions = BoundTraining

  package func check(items: Tensor) throws(Fault) { try observation.check(items: items) }

  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let x = observed(batch.values, keys: pass.keys)
    let n = x.shape[0]
    return code.objective(posterior(network, x, pass.mode), offset: logVolume, options, pass) { z, draws in
      logLikelihood(network, draws == 1 ? x : x.gather((0..<draws * n).map { $0 % n }), z, pass.mode)
    }
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, draws: options.importanceSamples, keys: keys)
      .validationBound(importanceSamples: options.importanceSamples, beta: options.beta, rateTarget: options.rateTarget)
  }
}
