internal import Distributions
package import Modelling
internal import Optimisation
package import Tensors

extension VAE: GradientTrainable {
  /// How the bound is shaped while it is trained.
  package struct TrainingOptions: Settings {
    /// Weight of the KL term (Higgins et al. 2017).
    package var beta: Float
    /// Epochs over which the KL term's weight rises from 0 to beta.
    package var warmUpEpochs: Float
    /// Nats that every latent dimension may cost for nothing, on average over the batch (Kingma et al. 2016).
    package var freeBits: Float
    /// Draws of the importance-weighted bound; 1 is the ELBO.
    package var importanceSamples: Int
    /// R*, nats that the code of an item is to cost on average; nil: whatever the bound makes of it.
    package var rateTarget: Float?

    package init() { self.init(beta: 1) }

    package init(beta: Float = 1, warmUpEpochs: Float = 0, freeBits: Float = 0, importanceSamples: Int = 1, rateTarget: Float? = nil) {
      self.beta = beta
      self.warmUpEpochs = warmUpEpochs
      self.freeBits = freeBits
      self.importanceSamples = importanceSamples
      self.rateTarget = rateTarget
    }

    package static let table = Table<Self> {
      Setting("beta", \.beta, in: 0..., "Weight of the KL term; above 1 it is a beta-VAE (Higgins et al. 2017).")
      Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the KL term's weight rises from 0 to beta.")
      Setting("free_bits", \.freeBits, in: 0..., "Nats that every latent dimension may cost for nothing.")
      Setting("importance_samples", \.importanceSamples, in: 1...1024, "Draws of the importance-weighted bound; 1 is the ELBO.")
      RateTarget.setting(\.rateTarget)
    }

    package func check() throws(Fault) {
      try RateTarget.check(rateTarget, freeBits: freeBits, importanceSamples: importanceSamples)
      guard importanceSamples == 1 || (beta == 1 && warmUpEpochs == 0 && freeBits == 0) else {
        throw Fault(
          field: "importance_samples", given: "\(importanceSamples) beside beta, warm-up or free bits",
          expected: "1, because the importance-weighted bound has no separate KL term")
      }
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }
}

extension VAE: EvidenceBounded {
  package func bound(_ network: Network, _ batch: Tensor, _ pass: Pass) -> EvidenceBound {
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
      top: q, draw: z, offset: configuration.observation.logVolume(signature))
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
