internal import Distributions
package import Modelling
package import Optimisation
package import Tensors

/// A family that learns by E_q[ln p(x|z)] - KL(q || p), so that objectives of other shapes can be made of its parts.
package protocol EvidenceBounded: Sampling, Decoding, Attackable, GradientTrainable {
  /// The parts of the bound of one batch, under the noise that `pass` says.
  func bound(_ network: Network, _ batch: Tensor, _ pass: Pass) -> EvidenceBound
  /// The parts of its importance-weighted bound.
  func weightedBound(_ network: Network, _ batch: Tensor, draws: Int, _ pass: Pass) -> WeightedBound
}

extension EvidenceBounded {
  func objective(of network: Network, _ batch: Tensor, _ options: BoundTraining, _ pass: Pass) -> Objective {
    options.importanceSamples == 1
      ? bound(network, batch, pass).objective(options, epoch: pass.epoch)
      : weightedBound(network, batch, draws: options.importanceSamples, pass).objective
  }

  func validationBound(_ batch: Tensor, bound options: BoundTraining, keys: RowKeys) -> Tensor {
    score(batch, draws: options.importanceSamples, keys: keys)
      .validationBound(importanceSamples: options.importanceSamples, beta: options.beta, rateTarget: options.rateTarget)
  }
}

extension EvidenceBounded where TrainingOptions == BoundTraining {
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    objective(of: network, batch.values, options, pass)
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    validationBound(batch, bound: options, keys: keys)
  }
}

/// The evidence lower bound of one batch in the parts that training objectives weigh.
package struct EvidenceBound {
  /// E ln p(x|z), the mean over the batch in model units: a scalar.
  let reconstruction: Tensor
  /// KL of every latent dimension, means over the batch, layer by layer, the one nearest the data first: [latent] each.
  let costs: [Tensor]
  /// q of the layer furthest from the data, and the draws from it, [n, latent]; nil where codes are categorical.
  let top: (q: Normal, draw: Tensor)?
  /// What ln p loses in raw units.
  let offset: Float

  /// The KL, every dimension of which may cost `freeBits` for nothing; one below them gives no gradient (Kingma et al. 2016).
  func charged(freeBits: Float) -> Tensor {
    let charges = costs.map { cost in freeBits > 0 ? Tensor.maximum(cost, .full(cost.shape, freeBits)).sum() : cost.sum() }
    return charges.dropFirst().reduce(charges[0], +)
  }

  /// What is reported, whatever the objective's weights; of several layers the KL of each besides.
  var terms: [Term] {
    let layers = costs.map { $0.sum().scalar }
    let kl = layers.dropFirst().reduce(layers[0], +)
    let each = layers.enumerated().map { Term(Scores.Term.kl(layer: $0.offset).name, $0.element) }
    return [
      Term("elbo_nats", reconstruction.scalar - kl - offset), Term("reconstruction_nats", reconstruction.scalar - offset),
      Term("kl_nats", kl),
    ] + (layers.count > 1 ? each : [])
  }

  func objective(_ options: BoundTraining, epoch: Float) -> Objective {
    objective(weight: options.beta * Self.ramp(epoch, over: options.warmUpEpochs), freeBits: options.freeBits, rateTarget: options.rateTarget)
  }

  /// weight · R - E_q[ln p(x|z)], and with a target R* weight · |R - R*| - E_q[ln p(x|z)]; the rate R is the KL.
  func objective(weight: Float, freeBits: Float, rateTarget: Float?) -> Objective {
    let rate = charged(freeBits: freeBits)
    return Objective(loss: (rateTarget.map { RateTarget.distance(of: rate, from: $0) } ?? rate) * weight - reconstruction, terms: terms)
  }

  /// From 0 to 1 over a warm-up; 1 without one.
  static func ramp(_ time: Float, over length: Float) -> Float { length > 0 ? min(1, time / length) : 1 }
}

/// The importance-weighted bound of one batch (Burda et al. 2016) in the parts that are reported.
package struct WeightedBound {
  /// ln p(x|z_k) in model units, and ln p(z_k) - ln q(z_k|x): [draws, n].
  let logLikelihood: Tensor
  let logRatio: Tensor
  /// The mean KL over the batch.
  let kl: Float
  /// What ln p loses in raw units.
  let offset: Float

  var objective: Objective {
    // ln 1/k Σ_k p(x, z_k) / q(z_k | x)
    let bound = iwaeBound(logLikelihood + logRatio).mean()
    return Objective(
      loss: -bound,
      terms: [
        Term("iwae_nats", bound.scalar - offset), Term("reconstruction_nats", logLikelihood.mean().scalar - offset),
        Term("kl_nats", kl),
      ])
  }
}
