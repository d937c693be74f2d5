internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension VAEACImage: CategoricallyTrainable {
  package typealias OwnLearner = BaselineLearner<VAEACImage>

  package struct TrainingOptions: Settings {
    package var masks: [WeightedMask]
    /// Draws of the importance-weighted bound by which validation compares epochs.
    package var validationDraws: Int
    package var categorical: CategoricalTraining

    /// A bit of everything that people ask for, where a recipe does not say.
    package static let usualMasks = [WeightedMask(.randomRectangle(share: 0.3)), WeightedMask(.half(nil)), WeightedMask(.random(rate: 0.5))]

    package init() { self.init(masks: Self.usualMasks) }

    package init(masks: [WeightedMask] = usualMasks, validationDraws: Int = 25, categorical: CategoricalTraining = .init()) {
      self.masks = masks
      self.categorical = categorical
      self.validationDraws = validationDraws
    }

    package static let table = Table<Self> {
      Setting(
        "masks", \.masks, lengths: 1...64, of: "masks", expected: "1 to 64",
        "What is hidden of an image, one of these by weight (1 where absent): \(PixelMask.grammar).")
      Setting("validation_draws", \.validationDraws, in: 1...10_000, "Draws of the importance-weighted bound by which validation compares epochs.")
      Part(\.categorical)
    }
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try options.categorical.check(for: configuration.latents)
    try options.masks.check(picture)
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  /// 1 where a number is hidden, in the order of the model's numbers, the same in every channel: [keys, width].
  package func hidden(by mask: PixelMask, keys: RowKeys) -> Tensor { picture.hidden(by: mask, keys: keys) }

  /// The mask of every row, of a kind drawn by weight.
  package func hidden(_ options: TrainingOptions, _ keys: RowKeys) -> Tensor { options.masks.hidden(picture, keys) }

  /// E_q[Σ ln p(x_i | z, ·) over hidden i] - KL(q(z | x, b) ‖ p(z | x_1-b, b)) + regulariser, with one draw of z.
  package func objective(_ network: Network, baseline: SignalBaseline?, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let missing = missing(batch.values)
    let x = masked(configuration.observation.observed(batch.values, keys: pass.keys.split("binarise")), missing)
    let hidden = Tensor.maximum(hidden(options, pass.keys), missing)
    let weights = hidden - missing
    let evidence = evidence(network, x, hidden: hidden, pass.mode)
    let q = proposal(network, x, hidden: hidden, pass.mode)
    let offset = logVolumes(weights).mean().scalar
    func logLikelihood(_ z: Tensor, _ mode: Mode) -> Tensor { decode(network, z, evidence, mode).logProbability(of: x, weights: weights) }
    switch (q, evidence.belief) {
    case (.gaussian(let q), .gaussian(let prior)):
      return ArbitraryConditioning.objective(
        reconstruction: logLikelihood(q.sample(pass.keys.split("latent")), pass.mode), q: q, prior: prior, offset: offset)
    case (.categorical(let q), .categorical(let prior)):
      let expectation = CategoricalExpectation(q: q, training: options.categorical, baseline: baseline, items: x)
      let reconstruction = expectation.mean(pass) { z, isTraced in logLikelihood(z, isTraced ? pass.mode : pass.mode.untraced) }
      return ArbitraryConditioning.objective(reconstruction: reconstruction, q: q, prior: prior, offset: offset)
    case (.gaussian, .categorical), (.categorical, .gaussian): preconditionFailure("proposal and prior are of one kind")
    }
  }

  package func baseline(_ options: TrainingOptions, key: RandomKey) -> SignalBaseline? {
    guard configuration.latents != nil, options.categorical.chosen.isScored else { return nil }
    return SignalBaseline(options.categorical.chosenBaseline, width: signature.width, key: key)
  }

  /// The importance-weighted bound of what is hidden as in training.
  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, targets: hidden(options, keys), draws: options.validationDraws, estimator: .proposal, keys: keys)[.iwae]
  }
}
