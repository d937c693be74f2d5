internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension LadderVAE {
  /// How the bound is shaped while it is trained.
  package struct TrainingOptions: Settings {
    /// Weight of what the code costs.
    package var beta: Float
    /// Epochs over which that weight rises from 0 to beta.
    package var warmUpEpochs: Float
    package var freeBits: Float
    /// Draws of the importance-weighted bound, from `fineTuningFrom` on.
    package var importanceSamples: Int
    /// Epochs before that bound takes the ELBO's place.
    package var fineTuningFrom: Int
    /// R*, nats that the code of an item is to cost on average; nil: whatever the bound makes of it.
    package var rateTarget: Float?

    package init() { self.init(warmUpEpochs: 0) }

    package init(
      beta: Float = 1, warmUpEpochs: Float = 0, freeBits: Float = 0, importanceSamples: Int = 1, fineTuningFrom: Int = 0, rateTarget: Float? = nil
    ) {
      (self.beta, self.warmUpEpochs, self.freeBits) = (beta, warmUpEpochs, freeBits)
      (self.importanceSamples, self.fineTuningFrom, self.rateTarget) = (importanceSamples, fineTuningFrom, rateTarget)
    }

    package static let table = Table<Self> {
      Setting("beta", \.beta, in: 0..., "Weight of what the code costs; 1 is the ELBO.")
      Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the weight of what the code costs rises from 0 to beta.")
      Setting("free_bits", \.freeBits, in: 0..., "Nats that every latent dimension may cost for nothing.")
      Setting("importance_samples", \.importanceSamples, in: 1...1024, "Draws of the importance-weighted bound; 1 is the ELBO.")
      Setting(
        "fine_tuning_from", \.fineTuningFrom, in: 0...1_000_000,
        "Epochs that learn by the ELBO before `importance_samples` draws are taken; checkpoints are compared by the bound of all draws from the "
          + "start.")
      RateTarget.setting(\.rateTarget)
    }

    package func check() throws(Fault) {
      try RateTarget.check(rateTarget, freeBits: freeBits, importanceSamples: importanceSamples)
      guard importanceSamples > 1 else {
        guard fineTuningFrom == 0 else {
          throw Fault(field: "fine_tuning_from", given: "\(fineTuningFrom)", expected: "0, or importance_samples above 1")
        }
        return
      }
      guard freeBits == 0 || fineTuningFrom > 0, warmUpEpochs <= Float(fineTuningFrom) else {
        throw Fault(
          field: "fine_tuning_from", given: "\(fineTuningFrom)",
          expected: "the epochs of the warm-up or more: the importance-weighted bound has no separate KL term")
      }
      guard beta == 1 else {
        throw Fault(
          field: "importance_samples", given: "\(importanceSamples) beside a beta of \(beta)",
          expected: "1, because the importance-weighted bound has no separate KL term")
      }
    }
  }

  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let isWeighted = options.importanceSamples > 1 && pass.epoch >= Float(options.fineTuningFrom)
    guard isWeighted else {
      let weight = options.beta * EvidenceBound.ramp(pass.epoch, over: options.warmUpEpochs)
      return bound(network, batch.values, pass).objective(weight: weight, freeBits: options.freeBits, rateTarget: options.rateTarget)
    }
    return weightedBound(network, batch.values, draws: options.importanceSamples, pass).objective
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, draws: options.importanceSamples, keys: keys)
      .validationBound(importanceSamples: options.importanceSamples, beta: options.beta, rateTarget: options.rateTarget)
  }

  package func finished(_ data: TrainingData, options: TrainingOptions, key: RandomKey) -> LadderVAE {
    guard configuration.data.batchNorm else { return self }
    var model = self
    model.network = network.collectingMoments(of: data, key: key) { network, values, mode, keys in
      _ = bound(network, values, Pass(mode: mode, keys: keys, epoch: 0))
    }
    return model
  }
}
