internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// A hierarchical VAE whose likelihood sees every layer of latent variables: p(x|z_1…z_L) Π p(z_i|z_i+1) p(z_L), z_1 being nearest the data.
///
/// It is inferred from the data up, q(z_1|x) Π q(z_i+1|z_i, x), every factor a diagonal Gaussian (Willetts et al. 2021, without the penalty of
/// `Seatbelt`). Without `skip` the likelihood sees z_1 alone: the deep latent Gaussian model of Rezende et al. 2014. One layer is a VAE.
package struct HVAE: ModelFamily {
  package static let name = "hvae"
  package static let summary = "Hierarchical VAE of up to 8 layers, all of which the likelihood sees; fully connected or convolutional."

  /// A diagonal Gaussian given another layer.
  package struct Conditional: Module {
    package var hidden: Sequential
    package var mean: Linear
    package var scale: Linear

    package static let fields: [Field<Self>] = [.child("hidden", \.hidden), .child("mean", \.mean), .child("scale", \.scale)]

    init(_ inputs: Int, _ outputs: Int, _ configuration: Configuration, _ source: ParameterSource) {
      let (widths, data) = (configuration.layerHidden, configuration.data)
      hidden = Sequential(.mlp(inputs, widths, data.activation, batchNorm: data.batchNorm), source["hidden"])
      mean = Linear(widths.last ?? inputs, outputs, source["mean"])
      scale = Linear(widths.last ?? inputs, outputs, source["scale"])
    }
  }

  package struct Network: Module {
    /// From x to q(z_1|x), and from every layer to x.
    package var data: VAE.Network
    /// q(z_i+1 | z_i), the one nearest the data first.
    package var inference: [Conditional]
    /// p(z_i | z_i+1), the one nearest the data first.
    package var prior: [Conditional]

    package static let fields: [Field<Self>] = [.child("data", \.data), .child("inference", \.inference), .child("prior", \.prior)]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    (self.configuration, self.signature) = (configuration, signature)
    // A model of one layer starts as the VAE of the same key.
    let data = try VAE.Network(configuration.data, signature, codes: configuration.codes, source)
    let features = configuration.inference == .data ? data.shapes.features : 0
    let pairs = zip(configuration.latents, configuration.latents.dropFirst()).enumerated()
    network = Network(
      data: data, inference: pairs.map { Conditional($1.0 + features, $1.1, configuration, source["inference"][$0]) },
      prior: pairs.map { Conditional($1.1, $1.0, configuration, source["prior"][$0]) })
  }
}

// MARK: The factors

extension HVAE {
  private var layers: Int { configuration.latents.count }

  private func gaussian(_ conditional: Conditional, _ input: Tensor, _ mode: Mode) -> Normal {
    let h = conditional.hidden(input, mode)
    return configuration.data.scale.normal(mean: conditional.mean(h, mode), head: conditional.scale(h, mode), floor: configuration.data.scaleFloor)
  }

  /// p(z_i | z_i+1); `layer` 0 is nearest the data.
  private func prior(_ network: Network, of layer: Int, given above: Tensor, _ mode: Mode) -> Normal {
    gaussian(network.prior[layer], above, mode)
  }

  /// Where the draws of a layer come from; those of the first layer are a VAE's.
  private func keys(_ latent: RowKeys, _ layer: Int) -> RowKeys { layer == 0 ? latent : latent.split(layer) }

  /// q(z_1|x) Π q(z_i+1 | z_i, x) from the encoder's features, each layer at a draw of the one below, or at its mean where `latent` is nil.
  func inference(_ network: Network, features h: Tensor, latent: RowKeys?, _ mode: Mode) -> Inference {
    var (posteriors, draws): ([Normal], [Tensor]) = ([], [])
    for layer in 0..<layers {
      let q: Normal
      if let below = draws.last {
        let input = configuration.inference == .data ? Tensor.concatenated([below, h], axis: 1) : below
        q = gaussian(network.inference[layer - 1], input, mode)
      } else {
        q = network.data.posterior(features: h, configuration.data, mode)
      }
      posteriors.append(q)
      draws.append(latent.map { q.sample(keys($0, layer)) } ?? q.mean)
    }
    return Inference(posteriors: posteriors, draws: draws)
  }

  /// The parameters of p(x | z_1…z_L); one draw a layer.
  func decode(_ network: Network, _ z: [Tensor], _ mode: Mode) -> Heads {
    network.data.decode(configuration.skip ? Tensor.concatenated(z, axis: 1) : z[0], configuration.data, mode)
  }

  /// E ln q(z_i|·) - ln p(z_i|z_i+1) of every dimension at the draws, on average their KL, which at the top is in closed form: [n, latent] a layer.
  func costs(_ network: Network, _ inference: Inference, _ mode: Mode) -> [Tensor] {
    inference.posteriors.enumerated().map { layer, q in
      guard layer + 1 < layers else { return q.standardKL }
      // z_i+1 hangs on z_i, so the KL of the two factors at one z_i+1 would not have the bound's expectation.
      return q.divergencePerDimension(from: prior(network, of: layer, given: inference.draws[layer + 1], mode), at: inference.draws[layer])
    }
  }

  /// ln p(z_1…z_L) - ln q(z_1…z_L|x) at the draws: [n].
  func logRatio(_ network: Network, _ inference: Inference, _ mode: Mode) -> Tensor {
    let ratios = inference.posteriors.enumerated().map { layer, q in
      let z = inference.draws[layer]
      let p =
        layer + 1 < layers
        ? prior(network, of: layer, given: inference.draws[layer + 1], mode) : .standard(rows: z.shape[0], dimensions: z.shape[1])
      return p.logProbability(of: z) - q.logProbability(of: z)
    }
    return ratios.dropFirst().reduce(ratios[0], +)
  }
}

// MARK: What it can do

extension HVAE: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let sources = try options.given.sources(widths: latentWidths, items: signature.width)
    let codes = sources.enumerated().map { layer, source in
      // The mean of q(z_i|·), one row for all.
      source.code(rows: keys.count, latent: configuration.latents[layer]) { inference($0, noise: nil).posteriors[layer].mean }
    }
    return decode(codes, keys: keys, options)
  }
}

extension HVAE: Decoding {
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let latent = keys.split("latent")
    var z: [Tensor] = []
    for layer in (0..<layers).reversed() {
      let own = codes[layer].filled {
        let noise = self.keys(latent, layer).normal(configuration.latents[layer]) * options.temperature
        return z.first.map { prior(network, of: layer, given: $0, .evaluation).sample(noise: noise) } ?? noise
      }
      z.insert(own, at: 0)
    }
    return configuration.data.observation.items(decode(network, z, .evaluation), keys: keys, options)
  }
}

extension HVAE: Encoding {
  package var latentWidths: [Int] { configuration.latents }
}

extension HVAE: Scoring {
  package var observationModel: String { configuration.data.observation.description }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observation = configuration.data.observation
    let observed = observation.observed(x, keys: keys.split("binarise"))
    let features = network.data.features(observed, .evaluation)
    var logWeights: [Tensor] = []
    var (reconstruction, kl) = (Tensor.zeros([x.shape[0]]), Tensor.zeros([x.shape[0]]))
    for draw in 0..<max(draws, 1) {
      let inference = inference(network, features: features, latent: keys.split("latent").split(draw), .evaluation)
      let logLikelihood =
        observation.logProbability(of: observed, decode(network, inference.draws, .evaluation)) - observation.logVolume(signature)
      if draw == 0 { (reconstruction, kl) = (logLikelihood, divergence(inference)) }
      logWeights.append((logLikelihood + logRatio(network, inference, .evaluation)).reshaped([1, x.shape[0]]))
    }
    return Scores(elbo: reconstruction - kl, kl: kl, reconstruction: reconstruction, iwae: iwaeBound(Tensor.concatenated(logWeights)))
  }
}

extension HVAE: Attackable {
  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let features = network.data.features(configuration.data.observation.shown(x), .evaluation)
    return inference(network, features: features, latent: noise?.split("latent"), .evaluation)
  }

  package func decodedMean(_ z: [Tensor]) -> Tensor { configuration.data.observation.mean(decode(network, z, .evaluation)) }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor {
    configuration.data.observation.logProbability(of: configuration.data.observation.shown(x), decode(network, z, .evaluation))
  }

  package var logVolume: Float { configuration.data.observation.logVolume(signature) }

  package func divergence(_ inference: Inference) -> Tensor {
    let costs = costs(network, inference, .evaluation).map { $0.rowSums() }
    return costs.dropFirst().reduce(costs[0], +)
  }
}
