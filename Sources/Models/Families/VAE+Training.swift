internal import Distributions
internal import Networks
package import Tensors

extension VAE: Trainable {
  /// How the bound is shaped while it is trained.
  package struct TrainingOptions: Codable, Sendable, Equatable {
    /// Weight of the KL term (Higgins et al. 2017).
    package var beta: Float
    /// Epochs over which the KL term's weight rises from 0 to beta.
    package var warmUpEpochs: Float
    /// Nats that every latent dimension may cost for nothing, on average over the batch (Kingma et al. 2016).
    package var freeBits: Float
    /// Draws of the importance-weighted bound; 1 is the ELBO.
    package var importanceSamples: Int

    package init(beta: Float = 1, warmUpEpochs: Float = 0, freeBits: Float = 0, importanceSamples: Int = 1) {
      self.beta = beta
      self.warmUpEpochs = warmUpEpochs
      self.freeBits = freeBits
      self.importanceSamples = importanceSamples
    }

    private enum CodingKeys: String, CodingKey {
      case beta
      case warmUpEpochs = "kl_warm_up_epochs"
      case freeBits = "free_bits"
      case importanceSamples = "importance_samples"
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        beta: try values.decodeIfPresent(Float.self, forKey: .beta) ?? 1,
        warmUpEpochs: try values.decodeIfPresent(Float.self, forKey: .warmUpEpochs) ?? 0,
        freeBits: try values.decodeIfPresent(Float.self, forKey: .freeBits) ?? 0,
        importanceSamples: try values.decodeIfPresent(Int.self, forKey: .importanceSamples) ?? 1)
    }
  }

  package static let trainingFields: [ConfigurationField] = [
    ConfigurationField("beta", "number", default: "1", "Weight of the KL term."),
    ConfigurationField("kl_warm_up_epochs", "number", default: "0", "Epochs over which the KL term's weight rises from 0 to beta."),
    ConfigurationField("free_bits", "number", default: "0", "Nats that every latent dimension may cost for nothing."),
    ConfigurationField("importance_samples", "integer", default: "1", "Draws of the importance-weighted bound; 1 is the ELBO."),
  ]

  package func check(_ options: TrainingOptions) throws(ConfigurationError) {
    func check(_ field: String, _ value: Float) throws(ConfigurationError) {
      guard value.isFinite, value >= 0 else { throw ConfigurationError(field: field, given: "\(value)", expected: "0 or more") }
    }
    try check("beta", options.beta)
    try check("kl_warm_up_epochs", options.warmUpEpochs)
    try check("free_bits", options.freeBits)
    guard (1...1024).contains(options.importanceSamples) else {
      throw ConfigurationError(field: "importance_samples", given: "\(options.importanceSamples)", expected: "1 to 1024")
    }
    guard options.importanceSamples == 1 || (options.beta == 1 && options.warmUpEpochs == 0 && options.freeBits == 0) else {
      throw ConfigurationError(
        field: "importance_samples", given: "\(options.importanceSamples) beside beta, warm-up or free bits",
        expected: "1, because the importance-weighted bound has no separate KL term")
    }
  }

  package func check(items: Tensor) throws(ConfigurationError) { try configuration.observation.check(items: items) }

  package func objective(_ network: Network, batch: Tensor, options: TrainingOptions, pass: TrainingPass) -> Objective {
    let x = configuration.observation.observed(batch, keys: pass.keys.split("binarise"))
    let q = posterior(network, x, pass.mode)
    let offset = configuration.observation.isDensity ? signature.logVolume : 0
    return options.importanceSamples == 1
      ? evidenceBound(network, x, q, offset: offset, options, pass)
      : importanceWeightedBound(network, x, q, offset: offset, draws: options.importanceSamples, pass)
  }

  /// E_q[ln p(x|z)] - weight · KL(q || p)
  private func evidenceBound(_ network: Network, _ x: Tensor, _ q: Normal, offset: Float, _ options: TrainingOptions, _ pass: TrainingPass)
    -> Objective
  {
    let z = q.sample(pass.keys.split("latent"))
    let reconstruction = configuration.observation.logProbability(of: x, decode(network, z, pass.mode)).mean()
    let perDimension = q.standardKL.mean(axes: [0])
    let kl = perDimension.sum()
    // Free bits: a dimension below the floor gives no gradient.
    let charged = options.freeBits > 0 ? Tensor.maximum(perDimension, .full(perDimension.shape, options.freeBits)).sum() : kl
    let weight = options.beta * (options.warmUpEpochs > 0 ? min(1, pass.epoch / options.warmUpEpochs) : 1)
    return Objective(
      loss: charged * weight - reconstruction,
      terms: [
        Objective.Term("elbo_nats", reconstruction.scalar - kl.scalar - offset),
        Objective.Term("reconstruction_nats", reconstruction.scalar - offset),
        Objective.Term("kl_nats", kl.scalar),
      ])
  }

  /// ln 1/k Σ_k p(x, z_k) / q(z_k | x)
  private func importanceWeightedBound(_ network: Network, _ x: Tensor, _ q: Normal, offset: Float, draws: Int, _ pass: TrainingPass) -> Objective {
    let n = x.shape[0]
    let prior = Normal.standard(rows: n, dimensions: configuration.latent)
    let zs = (0..<draws).map { q.sample(pass.keys.split("latent").split($0)) }
    // All draws go through the decoder as one batch.
    let heads = decode(network, Tensor.concatenated(zs), pass.mode)
    let repeated = x.gather((0..<draws * n).map { $0 % n })
    let logLikelihood = configuration.observation.logProbability(of: repeated, heads).reshaped([draws, n])
    let logRatio = Tensor.concatenated(zs.map { (prior.logProbability(of: $0) - q.logProbability(of: $0)).reshaped([1, n]) })
    let bound = iwaeBound(logLikelihood + logRatio).mean()
    return Objective(
      loss: -bound,
      terms: [
        Objective.Term("iwae_nats", bound.scalar - offset), Objective.Term("reconstruction_nats", logLikelihood.mean().scalar - offset),
        Objective.Term("kl_nats", q.standardKL.rowSums().mean().scalar),
      ])
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    let scores = score(batch, draws: options.importanceSamples, keys: keys)
    return options.importanceSamples == 1 ? scores.elbo : scores.iwae
  }
}
