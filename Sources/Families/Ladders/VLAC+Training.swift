internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension VLAC {
  package typealias OwnLearner = RenewingLearner<GradientLearner<VLAC>>

  package struct TrainingOptions: Settings {
    package var schedule: LadderSchedule
    /// Epochs with N(0, I) as every prior before the mixtures are fitted to codes; with 0 the mixtures are learnt from a random start.
    package var pretrainingEpochs: Int
    /// Training items whose codes the mixtures are fitted to.
    package var fitItems: Int

    package init() { self.init(schedule: LadderSchedule()) }

    package init(schedule: LadderSchedule = LadderSchedule(), pretrainingEpochs: Int = 0, fitItems: Int = 10_000) {
      self.schedule = schedule
      self.pretrainingEpochs = pretrainingEpochs
      self.fitItems = fitItems
    }

    package static let table = Table<Self> {
      Part(\.schedule)
      Setting(
        "pretraining_epochs", \.pretrainingEpochs, in: 0...1_000_000,
        "Epochs with a standard normal prior, after which every layer's mixture is fitted to codes of training items by k-means and "
          + "expectation-maximisation; 0 for mixtures that are learnt from a random start. Layers should have faded in by then.")
      Setting("fit_items", \.fitItems, in: 1...1_000_000, "Training items whose codes the mixtures are fitted to.")
    }
  }

  package func objective(_ network: LadderNetwork, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let isPretraining = pass.epoch < Float(options.pretrainingEpochs)
    let priors = network.priors.map { isPretraining ? LatentPrior.normal : .mixture($0.mixture) }
    return ladderObjective(network, batch: batch.values, priors: priors, schedule: options.schedule, pass: pass)
  }

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> OwnLearner {
    GradientLearner(self, options, descent).renewing { player, epoch, data, key in
      if let fitted = fitted(player.network, before: epoch, options: options, key: key, items: data) { player.network = fitted }
    }
  }

  /// The network with its mixtures fitted, each to one draw of q(z_l|x) an item; nil but after the last epoch of pretraining.
  package func fitted(
    _ network: LadderNetwork, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingData
  ) -> LadderNetwork? {
    guard epoch > 0, epoch == options.pretrainingEpochs else { return nil }
    let places = key.split("items").permutation(items.count).prefix(options.fitItems).sorted()
    let block = 512
    var codes = latentWidths.map { _ in [Tensor]() }
    for start in stride(from: 0, to: places.count, by: block) {
      let rows = start..<min(start + block, places.count)
      let keys = RowKeys(key.split("codes"), rows: rows)
      let x = ladder.observation.observed(items[Array(places[rows])], keys: keys.split("binarise"))
      for (layer, z) in draws(posteriors(network, x, .evaluation), keys.split("latent")).enumerated() { codes[layer].append(z) }
    }
    var fitted = network
    for layer in codes.indices {
      let fit = GaussianMixture.fitted(
        to: Tensor.concatenated(codes[layer]), components: componentCounts[layer], key: key.split("mixture").split(layer))
      fitted.priors[layer] = network.priors[layer].taking(fit)
    }
    return fitted
  }
}
