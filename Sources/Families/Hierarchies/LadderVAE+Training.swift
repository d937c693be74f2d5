internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension LadderVAE {
  /// How the bound is shaped while it is trained.
  package struct TrainingOptions: Settings {
    /// Epochs over which the KL's weight rises from 0 to 1.
    package var warmUpEpochs: Float
    package var freeBits: Float
    /// Draws of the importance-weighted bound, from `fineTuningFrom` on.
    package var importanceSamples: Int
    /// Epochs before that bound takes the ELBO's place.
    package var fineTuningFrom: Int

    package init() { self.init(warmUpEpochs: 0) }

    package init(warmUpEpochs: Float = 0, freeBits: Float = 0, importanceSamples: Int = 1, fineTuningFrom: Int = 0) {
      (self.warmUpEpochs, self.freeBits) = (warmUpEpochs, freeBits)
      (self.importanceSamples, self.fineTuningFrom) = (importanceSamples, fineTuningFrom)
    }

    package static let table = Table<Self> {
      Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the weight of what the code costs rises from 0 to 1.")
      Setting("free_bits", \.freeBits, in: 0..., "Nats that every latent dimension may cost for nothing.")
      Setting("importance_samples", \.importanceSamples, in: 1...1024, "Draws of the importance-weighted bound; 1 is the ELBO.")
      Setting(
        "fine_tuning_from", \.fineTuningFrom, in: 0...1_000_000,
        "Epochs that learn by the ELBO before `importance_samples` draws are taken; checkpoints are compared by the bound of all draws from the "
          + "start.")
    }

    package func check() throws(Fault) {
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
    }
  }

  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let isWeighted = options.importanceSamples > 1 && pass.epoch >= Float(options.fineTuningFrom)
    guard isWeighted else {
      let bound = bound(network, batch.values, pass)
      let weight = EvidenceBound.ramp(pass.epoch, over: options.warmUpEpochs)
      return Objective(loss: bound.charged(freeBits: options.freeBits) * weight - bound.reconstruction, terms: bound.terms)
    }
    return weightedBound(network, batch.values, draws: options.importanceSamples, pass).objective
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    let scores = score(batch, draws: options.importanceSamples, keys: keys)
    return options.importanceSamples == 1 ? scores[.elbo] : scores[.iwae]
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
