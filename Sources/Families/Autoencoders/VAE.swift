internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// The variational autoencoder (Kingma and Welling 2014): z ~ N(0, I), x ~ p(x|z), q(z|x) a diagonal Gaussian.
///
/// Names and layouts follow PyTorch's: `encoder.N`, `mean`, `scale` (or `moments`, both in one), `decoder.N`, `output`, `output_scale`.
package struct VAE: ModelFamily {
  package static let name = "vae"
  package static let summary =
    "Variational autoencoder with a Gaussian prior, a beta-VAE by its training option beta; fully connected or convolutional."

  package struct Network: Module {
    package var encoder: Sequential
    package var mean: Linear?
    package var scale: Linear?
    /// Mean and scale heads as the two halves of one layer.
    package var moments: Linear?
    package var decoder: Sequential
    package var output: Block
    package var outputScale: Block?

    package static let fields: [Field<Self>] = [
      .child("encoder", \.encoder), .child("mean", \.mean), .child("scale", \.scale), .child("moments", \.moments), .child("decoder", \.decoder),
      .child("output", \.output), .child("output_scale", \.outputScale),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = try Network(configuration, signature, source)
  }
}

// MARK: The two halves

extension VAE.Network {
  /// - Parameter codes: the width of what the decoder is given, where it is more than one draw of z.
  init(_ configuration: VAE.Configuration, _ signature: Signature, codes: Int? = nil, _ source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.checkRealNumbers()
    try configuration.observation.check(signature)
    let stack = try configuration.stack(on: signature)
    func mlp(_ inputs: Int, _ widths: [Int]) -> [LayerMaker] { .mlp(inputs, widths, configuration.activation, batchNorm: configuration.batchNorm) }

    let width = stack?.top.count ?? signature.width
    let features = configuration.hidden.last ?? width
    func head(_ outputs: Int, _ source: ParameterSource) -> Linear { Linear(features, outputs, source) }
    encoder = Sequential((stack?.encoder ?? []) + mlp(width, configuration.hidden), source["encoder"])
    let joint = configuration.heads == .joint
    mean = joint ? nil : head(configuration.latent, source["mean"])
    scale = joint ? nil : head(configuration.latent, source["scale"])
    moments = joint ? head(2 * configuration.latent, source["moments"]) : nil

    let codes = codes ?? configuration.latent
    let widths = (configuration.decoderHidden ?? configuration.hidden.reversed()) + (stack == nil ? [] : [width])
    let output = stack?.output ?? LayerMaker { [width = signature.width] in Linear(widths.last ?? codes, width, $0) }
    decoder = Sequential(mlp(codes, widths) + (stack?.decoder ?? []), source["decoder"])
    self.output = output(source["output"])
    outputScale = configuration.observation.hasScaleHead ? output(source["output_scale"]) : nil
  }

  /// Width of what the posterior's heads see.
  var features: Int { (moments ?? mean)?.weight.shape[1] ?? 0 }

  /// q(z|x) = N(μ(x), σ(x)²) from the encoder's features.
  func posterior(features h: Tensor, _ configuration: VAE.Configuration, _ mode: Mode) -> Normal {
    let (location, head): (Tensor, Tensor)
    if let moments {
      let parts = moments(h, mode).split(1, into: 2)
      (location, head) = (parts[0], parts[1])
    } else if let mean, let scale {
      (location, head) = (mean(h, mode), scale(h, mode))
    } else {
      preconditionFailure("a network has one joint head or two separate ones")
    }
    return configuration.scale.normal(mean: location, head: head, floor: configuration.scaleFloor)
  }

  /// The parameters of p(x|z); z: [n, codes].
  func decode(_ z: Tensor, _ mode: Mode) -> Heads {
    let h = decoder(z, mode)
    return Heads(location: output(h, mode).flattened(), scale: outputScale.map { $0(h, mode).flattened() })
  }
}

extension VAE.Configuration {
  fileprivate func stack(on signature: Signature) throws(Fault) -> ImageStack? {
    guard !convolutions.isEmpty else { return nil }
    guard let image = signature.space.picture?.extents else {
      throw Fault(field: "convolutions", given: "a \(signature.space.kind.rawValue) signature", expected: "images")
    }
    return try ImageStack(convolutions, on: image, activation: activation, batchNorm: batchNorm)
  }
}

extension VAE {
  /// q(z|x); x: [n, width].
  func posterior(_ network: Network, _ x: Tensor, _ mode: Mode) -> Normal {
    network.posterior(features: network.encoder(x, mode), configuration, mode)
  }

  /// The parameters of p(x|z); z: [n, latent].
  func decode(_ network: Network, _ z: Tensor, _ mode: Mode) -> Heads { network.decode(z, mode) }
}

// MARK: What it can do

extension VAE: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let source = try options.given.sources(widths: latentWidths, items: signature.width)[0]
    let z = source.code(rows: keys.count, latent: configuration.latent) { inference($0, noise: nil).draws[0] }
    return decode([z], keys: keys, options)
  }
}

extension VAE: Decoding {
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let z = codes[0].filled { keys.split("latent").normal(configuration.latent) * options.temperature }
    return configuration.observation.items(decode(network, z, .evaluation), keys: keys, options)
  }
}

extension VAE: Encoding {
  package var latentWidths: [Int] { [configuration.latent] }
}

extension VAE: Scoring {
  package var observationModel: String { configuration.observation.description }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observed = configuration.observation.observed(x, keys: keys.split("binarise"))
    let q = posterior(network, observed, .evaluation)
    let prior = Normal.standard(rows: x.shape[0], dimensions: configuration.latent)
    let offset = configuration.observation.logVolume(signature)
    let kl = q.standardKL.rowSums()
    var logWeights: [Tensor] = []
    var reconstruction = Tensor.zeros([x.shape[0]])
    for draw in 0..<max(draws, 1) {
      let z = q.sample(keys.split("latent").split(draw))
      let logLikelihood = configuration.observation.logProbability(of: observed, decode(network, z, .evaluation)) - offset
      if draw == 0 { reconstruction = logLikelihood }
      // ln w = ln p(x|z) + ln p(z) - ln q(z|x)
      logWeights.append(logLikelihood + prior.logProbability(of: z) - q.logProbability(of: z))
    }
    let weights = Tensor.concatenated(logWeights.map { $0.reshaped([1, x.shape[0]]) })
    return Scores(elbo: reconstruction - kl, kl: kl, reconstruction: reconstruction, iwae: iwaeBound(weights))
  }
}
