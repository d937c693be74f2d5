package import Modelling

/// How the bound of a family with Gaussian or categorical codes is shaped while it is trained.
package struct BoundTraining: Settings {
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
