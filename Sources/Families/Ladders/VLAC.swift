internal import Distributions
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// The variational ladder autoencoder for clustering (Willetts et al. 2019): every layer's prior is a mixture, and so a clustering of the items.
///
/// p(x, z, y) = p(x|z) Π_l p(z_l|y_l) p(y_l) with p(z_l|y_l) a Gaussian. q(y_l|x) is p(y_l|z_l) at z_l ~ q(z_l|x), Bayes' rule, which leaves
/// E_q[ln p(x|z) + Σ_l ln p(z_l) - ln q(z_l|x)] with p(z_l) the density of the mixture (Falck et al. 2021, MFCVAE).
package struct VLAC: LadderFamily {
  package static let name = "vlac"
  package static let summary = "Variational ladder autoencoder for clustering: a mixture prior a layer, each a clustering of its own."
  package static let purpose = FamilyPurpose(
    .classes, choose: "when items can be sorted in more than one way: every layer is a clustering of its own")

  package let configuration: Configuration
  package let signature: Signature
  package var network: LadderNetwork

  package var ladder: LadderConfiguration { configuration.ladder }

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    (self.configuration, self.signature) = (configuration, signature)
    network = try LadderNetwork(configuration.ladder, signature, source)
    network.priors = zip(configuration.ladder.layers, configuration.components).enumerated().map { index, layer in
      MixturePrior(
        components: layer.1, latent: layer.0.latent, learnsWeights: configuration.mixtureWeights == .learned,
        isFull: configuration.covariance == .full, source["prior"][index])
    }
  }
}

extension VLAC: Clustering {
  package var componentCounts: [Int] { configuration.components }

  package func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    let q = posteriors(network, ladder.observation.shown(x), .evaluation)
    return q.indices.map { layer in
      let mixture = network.priors[layer].mixture
      guard draws > 0 else { return mixture.responsibilities(of: q[layer].mean) }
      let own = keys.split("latent").split(layer)
      return (0..<draws).map { mixture.responsibilities(of: q[layer].sample(own.split($0))) }.reduce(.zeros([x.shape[0], componentCounts[layer]]), +)
        / Float(draws)
    }
  }
}
