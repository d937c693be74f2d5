package import Distributions
package import Modelling
internal import Optimisation
internal import Tensors

/// How the bound is shaped where the total correlation of the latent variables has a weight of its own (Chen et al. 2018, equation 4).
package struct TotalCorrelationPenalty: Settings {
  /// Weight of the total correlation.
  package var beta: Float
  /// Batches over which that weight rises from 0 to beta.
  package var betaWarmUpSteps: Int
  package var estimator: AggregatePosterior.Estimator
  /// Epochs over which the weight of all that the code costs rises from 0 to 1.
  package var warmUpEpochs: Float
  /// Nats that every latent dimension may cost for nothing, on average over the batch (Kingma et al. 2016).
  package var freeBits: Float

  package init() { self.init(beta: 6) }

  package init(
    beta: Float = 6, betaWarmUpSteps: Int = 0, estimator: AggregatePosterior.Estimator = .weighted, warmUpEpochs: Float = 0, freeBits: Float = 0
  ) {
    self.beta = beta
    self.betaWarmUpSteps = betaWarmUpSteps
    self.estimator = estimator
    self.warmUpEpochs = warmUpEpochs
    self.freeBits = freeBits
  }

  package static let table = Table<Self> {
    Setting("beta", \.beta, in: 0..., "Weight of the total correlation of the layer furthest from the data; 1 leaves the ELBO.")
    Setting(
      "beta_warm_up_steps", \.betaWarmUpSteps, in: 0...,
      "Batches over which that weight rises from 0 to beta; with `validation` the checkpoint of the best ELBO counts, which a small weight favours.")
    Setting(
      "estimator", \.estimator,
      "Of q(z) from a batch: minibatch-weighted sampling, whose total correlation is up to (latent - 1) ln(items) too high, or minibatch-stratified.")
    Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the weight of all that the code costs rises from 0 to 1.")
    Setting("free_bits", \.freeBits, in: 0..., "Nats that every latent dimension may cost for nothing.")
  }
}

extension EvidenceBound {
  /// KL + (β - 1) TC - E_q[ln p(x|z)], with the total correlation of the layer furthest from the data alone (Willetts et al. 2021).
  ///
  /// ln q(z|x) - ln p(z) = MI + TC + dimension-wise KL holds draw by draw, whatever the estimator of q(z), so this has the expectation and the expected
  /// gradient of the published -E ln p(x|z) + MI + β TC + KL_dim, with the KL in closed form in place of one draw of it.
  func objective(_ penalty: TotalCorrelationPenalty, _ pass: Pass) -> Objective {
    guard let (top, draw) = top else { preconditionFailure("a total correlation is of Gaussian codes") }
    let aggregate = AggregatePosterior(top, items: max(pass.items, draw.shape[0]), estimator: penalty.estimator)
    let parts = aggregate.parts(of: draw)
    let correlation = parts.totalCorrelation.mean()
    let beta = penalty.beta * Self.ramp(Float(pass.step), over: Float(penalty.betaWarmUpSteps))
    let cost = charged(freeBits: penalty.freeBits) + correlation * (beta - 1)
    return Objective(
      loss: cost * Self.ramp(pass.epoch, over: penalty.warmUpEpochs) - reconstruction,
      terms: terms + [
        Term("mutual_information_nats", parts.mutualInformation.mean().scalar),
        Term("total_correlation_nats", correlation.scalar), Term("dimension_kl_nats", parts.dimensionKL.mean().scalar),
      ])
  }
}
