internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension HiLLoC: GradientTrainable {
  package struct TrainingOptions: Settings {
    /// Nats that every channel of every layer may cost for nothing, over all its places, on average over the batch (Kingma et al. 2016).
    package var freeBits: Float
    /// What is kept of the running average of the weights in every step.
    package var averaging: Float

    package init() { self.init(freeBits: 0.1) }

    package init(freeBits: Float, averaging: Float = 0.999) { (self.freeBits, self.averaging) = (freeBits, averaging) }

    package static let table = Table<Self> {
      Setting("free_bits", \.freeBits, in: 0..., "Nats that every channel of every layer may cost for nothing, over all its places.")
      Setting(
        "averaging", \.averaging, in: 0..<1,
        "What a step keeps of the running average of the weights, which the model has in the end; 0 for the last weights themselves.")
    }
  }

  package typealias OwnLearner = AveragingLearner<HiLLoC>

  /// Items are bytes by their range.
  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> AveragingLearner<HiLLoC> {
    AveragingLearner(self, options, descent, decay: options.averaging)
  }

  /// Σ over layers and channels of max(KL, free bits) - E_q[ln p(x|z)], means over the batch.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let bytes = ByteImages.bytes(batch.values)
    let bound = bound(network, bytes, own, latent: pass.keys.split("latent"), pass.mode)
    let reconstruction = bound.pixels.openLogProbability(of: bytes).mean()
    let costs = bound.costs.map { $0.mean(axes: [0]) }
    let charges = costs.map { Self.charged($0, freeBits: options.freeBits) }
    let layers = costs.map { $0.sum().scalar }
    let kl = layers.dropFirst().reduce(layers[0], +)
    let each = layers.enumerated().map { Term(Scores.Term.kl(layer: $0.offset).name, $0.element) }
    return Objective(
      loss: charges.dropFirst().reduce(charges[0], +) - reconstruction,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl), Term("reconstruction_nats", reconstruction.scalar), Term("kl_nats", kl),
        Term("log_scale", network.logScale.scalar),
      ] + each)
  }

  /// The KL of a layer's channels, of which those below the free bits cost these and give no gradient: [latent] -> a scalar.
  package static func charged(_ costs: Tensor, freeBits: Float) -> Tensor {
    freeBits > 0 ? Tensor.maximum(costs, .full(costs.shape, freeBits)).sum() : costs.sum()
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { score(batch, draws: 1, keys: keys)[.elbo] }
}
