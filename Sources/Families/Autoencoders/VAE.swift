internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// The variational autoencoder (Kingma and Welling 2014): z ~ N(0, I), x ~ p(x|z), q(z|x) a diagonal Gaussian; or z categorical (Jang et al. 2017).
///
/// Names and layouts follow PyTorch's: `encoder.N`, `mean`, `scale` (or `moments`, both in one, or `logits`), `decoder.N`, `output`, `output_scale`.
package struct VAE: ModelFamily {
  package static let name = "vae"
  package static let summary =
    "Variational autoencoder with Gaussian codes under a Gaussian or a learned prior, or with categorical codes; fully connected or convolutional."
  package static let purpose = FamilyPurpose(.codes, choose: "first for samples, codes, scores and compression of items of one size")

  package struct Network: Module {
    package var encoder: Sequential
    package var mean: Block?
    package var scale: Block?
    /// Mean and scale heads in one layer.
    package var moments: Block?
    /// Of categorical latent variables: variables x classes numbers.
    package var logits: Block?
    package var decoder: Sequential
    package var output: Block
    package var outputScale: Block?
    package var prior: MixturePrior?
    package var vampPrior: VampPrior?
    /// What the layers of the encoder, the heads and the decoder are shown of a row.
    let shapes: Shapes

    package static let fields: [Field<Self>] = [
      .child("encoder", \.encoder), .child("mean", \.mean), .child("scale", \.scale), .child("moments", \.moments), .child("logits", \.logits),
      .child("decoder", \.decoder),
      .child("output", \.output), .child("output_scale", \.outputScale), .child("prior", \.prior), .child("prior", \.vampPrior),
    ]

    struct Shapes: Sendable {
      /// nil where a row is taken as it is.
      var item: Shape?
      var code: Shape?
      /// Numbers that the heads see.
      var features = 0
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network { didSet { learnedPrior = LearnedPrior() } }
  /// p(z) of the network, once it is known.
  var learnedPrior = LearnedPrior()

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = try Network(configuration, signature, source)
  }
}

extension VAE {
  /// q(z|x); x: [n, width].
  func posterior(_ network: Network, _ x: Tensor, _ mode: Mode) -> Normal {
    network.posterior(features: network.features(x, mode), configuration, mode)
  }

  /// q(z|x) of whatever kind; x: [n, width].
  func belief(_ network: Network, _ x: Tensor, _ mode: Mode) -> Belief {
    guard let latents = configuration.latents else { return .gaussian(posterior(network, x, mode)) }
    return .categorical(latents.distribution(network.logits(features: network.features(x, mode), mode)))
  }

  /// The parameters of p(x|z); z: [n, latent].
  func decode(_ network: Network, _ z: Tensor, _ mode: Mode) -> Heads { network.decode(z, configuration, mode) }
}

// MARK: What it can do

extension VAE: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let source = try options.given.sources(widths: latentWidths, items: signature.width)[0]
    let z = source.code(rows: keys.count, latent: latentWidths[0]) { likeliestCode(of: $0) }
    return decode([z], keys: keys, options)
  }
}

extension VAE: Decoding {
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let z: Tensor
    if let latents = configuration.latents {
      // p(z), every class as likely, which no temperature changes.
      z = latents.oneHot(codes[0].filled { latents.uniform(rows: keys.count).sampleCodes(keys.split("latent")) })
    } else {
      z = codes[0].filled { prior.sample(keys.split("latent"), latent: configuration.latent, temperature: options.temperature) }
    }
    return configuration.observation.items(decode(network, z, .evaluation), keys: keys, options)
  }
}

extension VAE: Encoding {
  package var latentWidths: [Int] { [configuration.latents?.variables ?? configuration.latent] }

  package var codeForms: [Code.Form] {
    [configuration.latents.map { .categorical(places: $0.variables, choices: $0.classes) } ?? .gaussian(width: configuration.latent)]
  }

  package func encode(_ x: Tensor) -> [Code] {
    switch belief(network, configuration.observation.shown(x), .evaluation) {
    case .gaussian(let q): return [.gaussian(q)]
    case .categorical(let q): return [.categorical(codes: q.likeliest, probabilities: q.probabilities)]
    }
  }
}

extension VAE: Scoring {
  package var observationModel: String { configuration.observation.description }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observed = configuration.observation.observed(x, keys: keys.split("binarise"))
    let (q, offset) = (belief(network, observed, .evaluation), logVolume)
    var logWeights: [Tensor] = []
    var (reconstruction, kl) = (Tensor.zeros([x.shape[0]]), Tensor.zeros([x.shape[0]]))
    for draw in 0..<max(draws, 1) {
      let z = q.sample(keys.split("latent").split(draw))
      let logLikelihood = configuration.observation.logProbability(of: observed, decode(network, z, .evaluation)) - offset
      if draw == 0 { (reconstruction, kl) = (logLikelihood, divergence(of: q, at: z)) }
      // ln w = ln p(x|z) + ln p(z) - ln q(z|x)
      logWeights.append(logLikelihood + logPrior(of: z) - q.logProbability(of: z))
    }
    let weights = Tensor.concatenated(logWeights.map { $0.reshaped([1, x.shape[0]]) })
    return Scores(elbo: reconstruction - kl, kl: kl, reconstruction: reconstruction, iwae: iwaeBound(weights))
  }
}
