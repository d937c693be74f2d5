package import Distributions
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// The Ladder VAE (Sønderby et al. 2016): a hierarchy whose posterior meets the prior on its way down, layer by layer.
///
///     generative   z_L ~ N(0, I)    z_i ~ p(z_i|z_i+1)                             x ~ p(x|z_1)
///     up           d_i = MLP_i(d_i-1), d_0 = x          N(m_i, s_i²) = heads of d_i
///     down         q(z_L|x) = N(m_L, s_L²)              q(z_i|z_i+1, x) = N(m_i, s_i²) · p(z_i|z_i+1), normalised
///
/// The product weighs both means by their precisions. Layer 0 of the code is z_1, nearest the data.
package struct LadderVAE: ModelFamily {
  package static let name = "ladder_vae"
  package static let summary = "Hierarchical VAE whose posterior merges what the data and what the layer above say, so that upper layers stay in use."
  package static let purpose = FamilyPurpose(.codes, choose: "when one layer of codes says too little: its upper layers stay in use")

  package struct Network: Module {
    /// From x to the first layer's heads, and from z_1 to x.
    package var data: VAE.Network
    /// d_i and its heads, the second layer first.
    package var up: [ConditionalGaussian]
    /// p(z_i | z_i+1), the one nearest the data first.
    package var prior: [ConditionalGaussian]
    /// What comes down in q in its place; empty where that is the prior itself.
    package var down: [ConditionalGaussian]

    package static let fields: [Field<Self>] = [
      .child("data", \.data), .child("up", \.up), .child("prior", \.prior), .child("down", \.down),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    (self.configuration, self.signature) = (configuration, signature)
    let (ends, latents) = (configuration.data, configuration.latents)
    let data = try VAE.Network(ends, signature, source)
    func conditional(_ inputs: Int, _ outputs: Int, _ layer: Int, _ source: ParameterSource) -> ConditionalGaussian {
      ConditionalGaussian(inputs, outputs, hidden: configuration.widths(of: layer), ends, normalisesHeads: ends.batchNorm, source)
    }
    let above = latents.indices.dropFirst()
    func features(of layer: Int) -> Int { layer == 0 ? data.shapes.features : configuration.widths(of: layer).last ?? features(of: layer - 1) }
    func seen(by layer: Int) -> Int { configuration.upward == .means ? latents[layer - 1] : features(of: layer - 1) }
    let down = configuration.topDown == .separate ? Array(above) : []
    network = Network(
      data: data, up: above.map { conditional(seen(by: $0), latents[$0], $0, source["up"][$0 - 1]) },
      prior: above.map { conditional(latents[$0], latents[$0 - 1], $0, source["prior"][$0 - 1]) },
      down: down.map { conditional(latents[$0], latents[$0 - 1], $0, source["down"][$0 - 1]) })
  }
}

// MARK: The factors

extension LadderVAE: StochasticHierarchy {
  package var data: VAE.Configuration { configuration.data }
  package var latentWidths: [Int] { configuration.latents }

  /// N(m_i, s_i²) of every layer, what the data alone suggest.
  package func evidence(_ network: Network, _ x: Tensor, _ mode: Mode) -> [Normal] {
    var h = network.data.features(x, mode)
    var suggested = [network.data.posterior(features: h, data, mode)]
    for layer in network.up {
      h = layer.hidden(configuration.upward == .means ? suggested[suggested.count - 1].mean : h, mode)
      suggested.append(layer.normal(features: h, data, mode))
    }
    return suggested
  }

  /// Π q(z_i | z_i+1, x), each layer at a draw of the one above.
  package func inference(_ network: Network, _ suggested: [Normal], latent: RowKeys?, _ mode: Mode) -> Inference {
    var (posteriors, draws): ([Normal], [Tensor]) = ([], [])
    for layer in (0..<layers).reversed() {
      let q = posterior(network, suggested, of: layer, given: draws.first, mode)
      posteriors.insert(q, at: 0)
      draws.insert(latent.map { q.sample(keys($0, layer)) } ?? q.mean, at: 0)
    }
    return Inference(posteriors: posteriors, draws: draws)
  }

  /// q(z_i | z_i+1, x)
  func posterior(_ network: Network, _ suggested: [Normal], of layer: Int, given above: Tensor?, _ mode: Mode) -> Normal {
    guard let above else { return suggested[layer] }
    return suggested[layer].merged(with: (network.down.isEmpty ? network.prior : network.down)[layer](above, data, mode))
  }

  package func prior(_ network: Network, of layer: Int, given above: Tensor, _ mode: Mode) -> Normal { network.prior[layer](above, data, mode) }

  /// KL(q(z_i|z_i+1, x) ‖ p(z_i|z_i+1)) at the draw of z_i+1, in closed form.
  package func costs(_ network: Network, _ inference: Inference, _ mode: Mode) -> [Tensor] {
    inference.posteriors.enumerated().map { layer, q in
      layer + 1 < layers ? q.divergencePerDimension(from: prior(network, of: layer, at: inference.draws, mode)) : q.standardKL
    }
  }

  package func decode(_ network: Network, _ z: [Tensor], _ mode: Mode) -> Heads { network.data.decode(z[0], data, mode) }
}
