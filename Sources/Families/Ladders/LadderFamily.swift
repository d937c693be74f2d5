internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

/// A variational ladder autoencoder (Zhao et al. 2017): independent layers of latent variables, whose hierarchy is the depth of their way to the data.
///
/// With layer 0 the nearest to the data and L the number of layers:
///
///     inference    ĥ_l = g_l(ĥ_l-1), ĥ_-1 = x          q(z_l|x) = N(μ_l(ĥ_l), σ_l(ĥ_l)²)
///     generative   h_L-1 = v_L-1(z_L-1)                 h_l = f_l+1(h_l+1) ⊕ v_l(z_l)          x ~ p(x | f_0(h_0))
///
/// f_l mirrors g_l, and ⊕ is the configured merge.
package protocol LadderFamily: Sampling, Decoding, Attackable, GradientTrainable where Network == LadderNetwork {
  var ladder: LadderConfiguration { get }
}

// MARK: The two halves

extension LadderFamily {
  private var observation: Observation { ladder.observation }

  /// q(z_l|x) of every layer; x: [n, width].
  func posteriors(_ network: LadderNetwork, _ x: Tensor, _ mode: Mode) -> [Normal] {
    var features = x
    return network.levels.map { level in
      features = level.encoder(features, mode)
      let h = level.rung(features, mode)
      return ladder.scale.normal(mean: level.mean(h, mode), head: level.scale(h, mode), floor: ladder.scaleFloor)
    }
  }

  /// The parameters of p(x|z); z: [n, latent] a layer.
  func decode(_ network: LadderNetwork, _ z: [Tensor], _ mode: Mode) -> Heads {
    let top = network.levels.count - 1
    var h = network.levels[top].injection(z[top], mode)
    for index in stride(from: top, through: 0, by: -1) {
      let level = network.levels[index]
      if index < top {
        let own = level.injection(z[index], mode)
        h = level.gate.map { h + $0 * own } ?? Tensor.concatenated([h, own], axis: 1)
      }
      h = level.decoder(h, mode)
    }
    return Heads(location: network.output(h, mode).flattened(), scale: network.outputScale.map { $0(h, mode).flattened() })
  }

  /// One draw of every layer.
  func draws(_ posteriors: [Normal], _ keys: RowKeys) -> [Tensor] { posteriors.enumerated().map { $1.sample(keys.split($0)) } }
}

// MARK: What it can do

extension LadderFamily {
  package var latentWidths: [Int] { ladder.layers.map(\.latent) }

  package var observationModel: String { observation.description }

  package var scoreTerms: [Scores.Term] { Scores.Term.bounds(layers: ladder.layers.count) }

  /// A mixture's divergence is that of the ELBO's draw.
  package func score(_ x: Tensor, draws count: Int, keys: RowKeys) -> Scores {
    let n = x.shape[0]
    let observed = observation.observed(x, keys: keys.split("binarise"))
    let q = posteriors(network, observed, .evaluation)
    let priors = q.indices.map(network.prior)
    let offset = logVolume
    var logWeights: [Tensor] = []
    var (reconstruction, costs) = (Tensor.zeros([n]), [Tensor]())
    for draw in 0..<max(count, 1) {
      let z = draws(q, keys.split("latent").split(draw))
      let logLikelihood = observation.logProbability(of: observed, decode(network, z, .evaluation)) - offset
      if draw == 0 {
        reconstruction = logLikelihood
        costs = q.indices.map { priors[$0].divergence(of: q[$0], at: z[$0]) }
      }
      // ln w = ln p(x|z) + Σ_l ln p(z_l) - ln q(z_l|x)
      var logWeight = logLikelihood
      for layer in q.indices { logWeight = logWeight + (priors[layer].logProbability(of: z[layer]) - q[layer].logProbability(of: z[layer])) }
      logWeights.append(logWeight.reshaped([1, n]))
    }
    return Scores(layers: costs, reconstruction: reconstruction, iwae: iwaeBound(Tensor.concatenated(logWeights)))
  }
}

// MARK: Both halves for audits

extension LadderFamily {
  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let q = posteriors(network, observation.shown(x), .evaluation)
    return Inference(posteriors: q, draws: noise.map { draws(q, $0.split("latent")) } ?? q.map(\.mean))
  }

  package var logVolume: Float { observation.logVolume(signature) }

  package func decodedMean(_ z: [Tensor]) -> Tensor { observation.mean(decode(network, z, .evaluation)) }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor { observation.logProbability(of: x, decode(network, z, .evaluation)) }

  /// With mixtures an upper bound, exact for one component (`GaussianMixture.divergenceBound`).
  package func divergence(_ inference: Inference) -> Tensor {
    divergences(inference).reduce(.zeros([inference.draws[0].shape[0]]), +)
  }

  package func divergences(_ inference: Inference) -> [Tensor] {
    inference.posteriors.enumerated().map { network.prior($0).divergenceBound(of: $1) }
  }
}
