internal import Distributions
package import Modelling
package import Optimisation
package import Tensors

extension VAE: CategoricallyTrainable {
  package typealias OwnLearner = BaselineLearner<VAE>

  /// How the bound is shaped while it is trained, and how its gradient passes categorical draws.
  package struct TrainingOptions: Settings {
    package var bound: BoundTraining
    package var categorical: CategoricalTraining

    package init() { self.init(beta: 1) }

    package init(
      beta: Float = 1, warmUpEpochs: Float = 0, freeBits: Float = 0, importanceSamples: Int = 1, rateTarget: Float? = nil,
      categorical: CategoricalTraining = .init()
    ) {
      bound = BoundTraining(
        beta: beta, warmUpEpochs: warmUpEpochs, freeBits: freeBits, importanceSamples: importanceSamples, rateTarget: rateTarget)
      self.categorical = categorical
    }

    package static let table = Table<Self> {
      Part(\.bound)
      Part(\.categorical)
    }
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try options.categorical.check(for: configuration.latents)
    guard configuration.latents == nil || options.bound.importanceSamples == 1 else {
      throw Fault(
        field: "importance_samples", given: "\(options.bound.importanceSamples) beside categorical latent variables",
        expected: "1: a relaxed draw has no importance weight; evaluation takes as many hard draws as it is asked for")
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  package func baseline(_ options: TrainingOptions, key: RandomKey) -> SignalBaseline? {
    guard configuration.latents != nil, options.categorical.chosen.isScored else { return nil }
    return SignalBaseline(options.categorical.chosenBaseline, width: signature.width, key: key)
  }

  package func objective(_ network: Network, baseline: SignalBaseline?, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    guard configuration.latents != nil else { return objective(of: network, batch.values, options.bound, pass) }
    let bound = categoricalBound(network, batch.values, options.categorical, baseline: baseline, pass)
    return bound.objective(options.bound, epoch: pass.epoch)
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    validationBound(batch, bound: options.bound, keys: keys)
  }
}

extension VAE: EvidenceBounded {
  package func bound(_ network: Network, _ batch: Tensor, _ pass: Pass) -> EvidenceBound {
    guard configuration.latents == nil else { return categoricalBound(network, batch, .init(), baseline: nil, pass) }
    let x = configuration.observation.observed(batch, keys: pass.keys.split("binarise"))
    let q = posterior(network, x, pass.mode)
    let z = q.sample(pass.keys.split("latent"))
    let costs: Tensor
    switch prior(of: network, pass.mode) {
    case .normal: costs = q.standardKL.mean(axes: [0])
    // Of a mixture in all dimensions together.
    case .mixture(let mixture): costs = LatentPrior.mixture(mixture).divergence(of: q, at: z).mean().reshaped([1])
    }
    return EvidenceBound(
      reconstruction: configuration.observation.logProbability(of: x, decode(network, z, pass.mode)).mean(), costs: [costs],
      top: (q, z), offset: configuration.observation.logVolume(signature))
  }

  package func weightedBound(_ network: Network, _ batch: Tensor, draws: Int, _ pass: Pass) -> WeightedBound {
    let n = batch.shape[0]
    let x = configuration.observation.observed(batch, keys: pass.keys.split("binarise"))
    let q = posterior(network, x, pass.mode)
    let prior = prior(of: network, pass.mode)
    let zs = (0..<draws).map { q.sample(pass.keys.split("latent").split($0)) }
    // All draws go through the decoder as one batch.
    let heads = decode(network, Tensor.concatenated(zs), pass.mode)
    let repeated = x.gather((0..<draws * n).map { $0 % n })
    return WeightedBound(
      logLikelihood: configuration.observation.logProbability(of: repeated, heads).reshaped([draws, n]),
      logRatio: Tensor.concatenated(zs.map { (prior.logProbability(of: $0) - q.logProbability(of: $0)).reshaped([1, n]) }),
      kl: prior.divergence(of: q, at: zs[0]).mean().scalar, offset: configuration.observation.logVolume(signature))
  }
}
