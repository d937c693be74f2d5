internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension InpaintingHVAE: GradientTrainable {
  package struct TrainingOptions: Settings {
    package var masks: [WeightedMask]
    /// Epochs over which the weight of what the code costs rises from 0 to 1.
    package var warmUpEpochs: Float
    /// Draws of the importance-weighted bound by which validation compares epochs.
    package var validationDraws: Int

    package init() { self.init(masks: [WeightedMask(.centre)]) }

    package init(masks: [WeightedMask], warmUpEpochs: Float = 0, validationDraws: Int = 1) {
      (self.masks, self.warmUpEpochs, self.validationDraws) = (masks, warmUpEpochs, validationDraws)
    }

    package static let table = Table<Self> {
      Setting(
        "masks", \.masks, lengths: 1...64, of: "masks", expected: "1 to 64",
        "What is hidden of an image, one of these by weight (1 where absent): \(PixelMask.grammar).")
      Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the weight of what the code costs rises from 0 to 1.")
      Setting("validation_draws", \.validationDraws, in: 1...10_000, "Draws of the importance-weighted bound by which validation compares epochs.")
    }
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try options.masks.check(picture)
  }

  package func check(items: Tensor) throws(Fault) {
    guard let outside = items.scalars.first(where: { !$0.isNaN && !(0...1).contains($0) }) else { return }
    throw Fault(field: "items", given: "\(outside) in model units", expected: "levels of 0 to 255, which are 0 to 1")
  }

  /// E_q[ln p(hole | z, border)] - Σ_l KL(q(z_l | x) ‖ p(z_l | z_>l, border)), with one draw of z.
  ///
  /// Of a hole of several windows one is learnt from, given those before it, which stands for all: on average the bound of the whole hole.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let hidden = options.masks.hidden(picture, pass.keys)
    let n = batch.values.shape[0]
    let u = pass.keys.split("window").uniform(1).scalars
    let parts = HoleParts(batch.values, hidden: hidden, in: self)
    let chosen = (0..<n).map { min(Int(u[$0] * Float(parts.windows[$0].count)), max(parts.windows[$0].count - 1, 0)) }
    let holes = (0..<n).map { parts.windows[$0].isEmpty ? canvas.whole : parts.windows[$0][chosen[$0]] }
    for row in 0..<n { for window in parts.windows[row].prefix(chosen[row]) { parts.learn(window, row) } }

    // One batch, so that a normalisation sees both alike.
    let both = Tensor.concatenated([parts.whole(0..<n, holes), parts.border(0..<n, holes)])
    let evidence = evidence(network, both, pass.mode)
    let posteriors = posteriors(network, evidence.rows(0..<n), pass.mode)
    let latent = pass.keys.split("latent")
    let descent = descent(network, evidence.rows(n..<2 * n), pass.mode) { level, _ in posteriors[level].sample(latent.split(level)) }

    let (x, weights) = parts.targets(0..<n, holes)
    let shares = Tensor(parts.windows.map { Float($0.count) })
    let reconstruction = (descent.pixels.logProbability(of: x, weights: weights) * shares).mean()
    let costs = zip(posteriors, descent.priors).map { ($0.divergence(from: $1) * shares).mean() }
    let kl = costs.dropFirst().reduce(costs[0], +)
    let warmth = options.warmUpEpochs > 0 ? min(1, pass.epoch / options.warmUpEpochs) : 1
    return Objective(
      loss: kl * warmth - reconstruction,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl.scalar), Term("reconstruction_nats", reconstruction.scalar), Term("kl_nats", kl.scalar),
      ] + costs.enumerated().map { Term(Scores.Term.kl(layer: $0).name, $1.scalar) })
  }

  /// The importance-weighted bound of what is hidden as in training.
  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, targets: options.masks.hidden(picture, keys), draws: options.validationDraws, estimator: .proposal, keys: keys)[.iwae]
  }
}
