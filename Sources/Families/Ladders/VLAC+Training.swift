internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension VLAC {
  package typealias OwnLearner = PhasedLearner<LearningState, VLAC>

  package struct TrainingOptions: Settings {
    package var ladder: LadderTraining
    /// Epochs with N(0, I) as every prior before the mixtures are fitted to codes; with 0 the mixtures are learnt from a random start.
    package var pretrainingEpochs: Int
    /// Training items whose codes the mixtures are fitted to.
    package var fitItems: Int
    /// What is learnt one after the other, instead of the bound alone; none: the bound.
    package var phases: [ClassPhase]
    package var consistency: ClassConsistency
    /// The layers whose clusters phases want to stay what they are; nil: the upper one.
    package var consistentLayers: [Int]?
    /// T, the maps under which they are to.
    package var augmentation: Augmentation?
    /// What T does to items beside, or of those that are no images.
    package var perturbation: Perturbation?

    package init() { self.init(LadderTraining()) }

    package init(
      _ ladder: LadderTraining = LadderTraining(), pretrainingEpochs: Int = 0, fitItems: Int = 10_000, phases: [ClassPhase] = [],
      consistency: ClassConsistency = ClassConsistency(), consistentLayers: [Int]? = nil, augmentation: Augmentation? = nil,
      perturbation: Perturbation? = nil
    ) {
      (self.ladder, self.pretrainingEpochs, self.fitItems) = (ladder, pretrainingEpochs, fitItems)
      (self.phases, self.consistency, self.consistentLayers) = (phases, consistency, consistentLayers)
      (self.augmentation, self.perturbation) = (augmentation, perturbation)
    }

    package static let table = Table<Self> {
      Part(\.ladder)
      Setting(
        "pretraining_epochs", \.pretrainingEpochs, in: 0...1_000_000,
        "Epochs with a standard normal prior, after which every layer's mixture is fitted to codes of training items by k-means and "
          + "expectation-maximisation; 0 for mixtures that are learnt from a random start. Layers should have faded in by then.")
      Setting("fit_items", \.fitItems, in: 1...1_000_000, "Training items whose codes the mixtures are fitted to.")
      Setting(
        "phases", \.phases, lengths: 0...32, of: "phases",
        "What is learnt one after the other: vae, mixture, consistency, joint, in this order; none: the bound alone. Layers fade in, and the KL term's "
          + "weight rises, in the first.")
      Part(\.consistency)
      Setting(
        "consistent_layers", \.consistentLayers, in: 0...7, lengths: 1...8, of: "layers", writesNull: true,
        "The layers whose clusters phases want to stay what they are under maps, the layer nearest the data being 0; absent: the upper one.")
      Setting(
        "augmentation", \.augmentation, writesNull: true,
        "Maps under which phases want clusters to stay what they are; what the likelihood sees they leave alone. Absent: none.")
      Setting(
        "perturbation", \.perturbation, writesNull: true,
        "Small changes of items of any kind, after those maps, under which phases want clusters to stay what they are. Absent: none.")
    }

    package func check() throws(Fault) {
      try ClassPhase.check(phases, pretrainingEpochs: pretrainingEpochs, augmentation, perturbation)
      if let place = phases.firstIndex(where: { $0.kind == .distil }) {
        throw Fault(
          field: "phases[\(place)].kind", given: "distil", expected: "vae, mixture, consistency or joint: clusters follow from the codes here")
      }
      if phases.isEmpty, let consistentLayers {
        throw Fault(field: "consistent_layers", given: "\(consistentLayers)", expected: "no such field without phases")
      }
    }
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try options.ladder.check(signature)
    try options.augmentation?.check(signature)
    guard let layers = options.consistentLayers else { return }
    guard Set(layers).count == layers.count, layers.allSatisfy(componentCounts.indices.contains) else {
      throw Fault(field: "consistent_layers", given: "\(layers)", expected: "layers of 0 to \(componentCounts.count - 1), each once")
    }
  }

  package func objective(_ network: LadderNetwork, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let isPretraining = pass.epoch < Float(options.pretrainingEpochs)
    let priors = network.priors.map { isPretraining ? LatentPrior.normal : .mixture($0.mixture) }
    return ladderObjective(network, batch: batch.values, priors: priors, options.ladder, pass).objective
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { heldOutBound(batch, options.ladder, keys) }

  /// The network with its mixtures fitted; nil but after the last epoch of pretraining.
  package func fitted(
    _ network: LadderNetwork, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingData
  ) -> LadderNetwork? {
    guard epoch > 0, epoch == options.pretrainingEpochs else { return nil }
    return fitted(network, options: options, key: key, items: items)
  }

  /// The network with every layer's mixture fitted to one draw of q(z_l|x) an item.
  func fitted(_ network: LadderNetwork, options: TrainingOptions, key: RandomKey, items: TrainingData) -> LadderNetwork {
    var fitted = network
    for (layer, codes) in codes(network, options, key, items).enumerated() {
      let fit = GaussianMixture.fitted(
        to: codes, components: componentCounts[layer], isFull: configuration.covariance == .full,
        key: key.split("mixture").split(layer))
      fitted.priors[layer] = network.priors[layer].taking(fit)
    }
    return fitted
  }

  /// Components with the moments of the codes that are theirs, which may have left the mixture they were fitted as.
  func refitted(_ network: LadderNetwork, options: TrainingOptions, key: RandomKey, items: TrainingData) -> LadderNetwork {
    var refitted = network
    for (layer, codes) in codes(network, options, key, items).enumerated() {
      refitted.priors[layer] = network.priors[layer].taking(network.priors[layer].mixture.refitted(to: codes))
    }
    return refitted
  }

  /// A draw of every layer's code for each of some items.
  private func codes(_ network: LadderNetwork, _ options: TrainingOptions, _ key: RandomKey, _ items: TrainingData) -> [Tensor] {
    let places = key.split("items").permutation(items.count).prefix(options.fitItems).sorted()
    let block = 512
    var codes = latentWidths.map { _ in [Tensor]() }
    for start in stride(from: 0, to: places.count, by: block) {
      let rows = start..<min(start + block, places.count)
      let keys = RowKeys(key.split("codes"), rows: rows)
      let x = ladder.observation.observed(items[Array(places[rows])], keys: keys.split("binarise"))
      for (layer, z) in draws(posteriors(network, x, .evaluation), keys.split("latent")).enumerated() { codes[layer].append(z) }
    }
    return codes.map { Tensor.concatenated($0) }
  }
}
