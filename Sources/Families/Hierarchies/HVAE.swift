package import Distributions
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// A hierarchical VAE whose likelihood sees every layer of latent variables: p(x|z_1…z_L) Π p(z_i|z_i+1) p(z_L), z_1 being nearest the data.
///
/// It is inferred from the data up, q(z_1|x) Π q(z_i+1|z_i, x), every factor a diagonal Gaussian (Willetts et al. 2021, without the penalty of
/// `Seatbelt`). Without `skip` the likelihood sees z_1 alone: the deep latent Gaussian model of Rezende et al. 2014. One layer is a VAE.
package struct HVAE: ModelFamily {
  package static let name = "hvae"
  package static let summary = "Hierarchical VAE of up to 8 layers, all of which the likelihood sees; fully connected or convolutional."
  package static let purpose = FamilyPurpose(
    .codes, choose: "to see what a plain hierarchy does beside ladder_vae or seatbelt; of one layer it is a vae")

  package struct Network: Module {
    /// From x to q(z_1|x), and from every layer to x.
    package var data: VAE.Network
    /// q(z_i+1 | z_i), the one nearest the data first.
    package var inference: [ConditionalGaussian]
    /// p(z_i | z_i+1), the one nearest the data first.
    package var prior: [ConditionalGaussian]

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
    func conditional(_ inputs: Int, _ outputs: Int, _ source: ParameterSource) -> ConditionalGaussian {
      ConditionalGaussian(inputs, outputs, hidden: configuration.layerHidden, configuration.data, source)
    }
    network = Network(
      data: data, inference: pairs.map { conditional($1.0 + features, $1.1, source["inference"][$0]) },
      prior: pairs.map { conditional($1.1, $1.0, source["prior"][$0]) })
  }
}

// MARK: The factors

extension HVAE: StochasticHierarchy {
  package typealias TrainingOptions = BoundTraining

  package var data: VAE.Configuration { configuration.data }
  package var latentWidths: [Int] { configuration.latents }

  package func prior(_ network: Network, of layer: Int, given above: Tensor, _ mode: Mode) -> Normal { network.prior[layer](above, data, mode) }

  /// The encoder's features.
  package func evidence(_ network: Network, _ x: Tensor, _ mode: Mode) -> Tensor { network.data.features(x, mode) }

  /// q(z_1|x) Π q(z_i+1 | z_i, x), each layer at a draw of the one below.
  package func inference(_ network: Network, _ h: Tensor, latent: RowKeys?, _ mode: Mode) -> Inference {
    var (posteriors, draws): ([Normal], [Tensor]) = ([], [])
    for layer in 0..<layers {
      let q: Normal
      if let below = draws.last {
        let input = configuration.inference == .data ? Tensor.concatenated([below, h], axis: 1) : below
        q = network.inference[layer - 1](input, data, mode)
      } else {
        q = network.data.posterior(features: h, configuration.data, mode)
      }
      posteriors.append(q)
      draws.append(latent.map { q.sample(keys($0, layer)) } ?? q.mean)
    }
    return Inference(posteriors: posteriors, draws: draws)
  }

  /// The parameters of p(x | z_1…z_L); one draw a layer.
  package func decode(_ network: Network, _ z: [Tensor], _ mode: Mode) -> Heads {
    network.data.decode(configuration.skip ? Tensor.concatenated(z, axis: 1) : z[0], configuration.data, mode)
  }

  /// E ln q(z_i|·) - ln p(z_i|z_i+1) at the draws, on average their KL, which at the top is in closed form.
  package func costs(_ network: Network, _ inference: Inference, _ mode: Mode) -> [Tensor] {
    inference.posteriors.enumerated().map { layer, q in
      guard layer + 1 < layers else { return q.standardKL }
      // z_i+1 hangs on z_i, so the KL of the two factors at one z_i+1 would not have the bound's expectation.
      return q.divergencePerDimension(from: prior(network, of: layer, given: inference.draws[layer + 1], mode), at: inference.draws[layer])
    }
  }
}
