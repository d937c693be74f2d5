package import Distributions
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// Layers of latent variables, each given the one above: p(x|z) Π p(z_i|z_i+1) p(z_L) with z_L ~ N(0, I). Layer 0 is nearest the data.
package protocol StochasticHierarchy: EvidenceBounded {
  /// What is computed of an item once, however many codes are drawn for it.
  associatedtype Evidence

  /// The ends of the network: from x to the first layer, and back.
  var data: VAE.Configuration { get }

  func evidence(_ network: Network, _ x: Tensor, _ mode: Mode) -> Evidence

  /// q of every layer at a draw of those that it hangs on, or at their means where `latent` is nil.
  func inference(_ network: Network, _ evidence: Evidence, latent: RowKeys?, _ mode: Mode) -> Inference

  /// p(z_i | z_i+1) of a network.
  func prior(_ network: Network, of layer: Int, given above: Tensor, _ mode: Mode) -> Normal

  /// What every dimension costs at the draws, on average its KL: [n, latent] a layer.
  func costs(_ network: Network, _ inference: Inference, _ mode: Mode) -> [Tensor]

  /// The parameters of p(x | z_1…z_L); one draw a layer.
  func decode(_ network: Network, _ z: [Tensor], _ mode: Mode) -> Heads
}

extension StochasticHierarchy {
  var layers: Int { latentWidths.count }

  /// Where the draws of a layer come from; those of the first layer are a VAE's.
  func keys(_ latent: RowKeys, _ layer: Int) -> RowKeys { layer == 0 ? latent : latent.split(layer) }

  /// p(z_i | z_i+1) at the draws of all layers; of the top layer N(0, I).
  func prior(_ network: Network, of layer: Int, at draws: [Tensor], _ mode: Mode) -> Normal {
    guard layer + 1 < layers else { return .standard(rows: draws[layer].shape[0], dimensions: latentWidths[layer]) }
    return prior(network, of: layer, given: draws[layer + 1], mode)
  }

  /// ln p(z_1…z_L) - ln q(z_1…z_L|x) at the draws: [n].
  func logRatio(_ network: Network, _ inference: Inference, _ mode: Mode) -> Tensor {
    let ratios = inference.posteriors.enumerated().map { layer, q in
      let z = inference.draws[layer]
      return prior(network, of: layer, at: inference.draws, mode).logProbability(of: z) - q.logProbability(of: z)
    }
    return ratios.dropFirst().reduce(ratios[0], +)
  }
}

// MARK: What it learns by

extension StochasticHierarchy {
  package func check(items: Tensor) throws(Fault) { try data.observation.check(items: items) }

  package func bound(_ network: Network, _ batch: Tensor, _ pass: Pass) -> EvidenceBound {
    let x = data.observation.observed(batch, keys: pass.keys.split("binarise"))
    let inference = inference(network, evidence(network, x, pass.mode), latent: pass.keys.split("latent"), pass.mode)
    return EvidenceBound(
      reconstruction: data.observation.logProbability(of: x, decode(network, inference.draws, pass.mode)).mean(),
      costs: costs(network, inference, pass.mode).map { $0.mean(axes: [0]) }, top: (inference.posteriors[layers - 1], inference.draws[layers - 1]),
      offset: logVolume)
  }

  package func weightedBound(_ network: Network, _ batch: Tensor, draws: Int, _ pass: Pass) -> WeightedBound {
    let n = batch.shape[0]
    let x = data.observation.observed(batch, keys: pass.keys.split("binarise"))
    let evidence = evidence(network, x, pass.mode)
    let inferences = (0..<draws).map { inference(network, evidence, latent: pass.keys.split("latent").split($0), pass.mode) }
    // All draws go through the decoder as one batch.
    let codes = (0..<layers).map { layer in Tensor.concatenated(inferences.map { $0.draws[layer] }) }
    let repeated = x.gather((0..<draws * n).map { $0 % n })
    return WeightedBound(
      logLikelihood: data.observation.logProbability(of: repeated, decode(network, codes, pass.mode)).reshaped([draws, n]),
      logRatio: Tensor.concatenated(inferences.map { logRatio(network, $0, pass.mode).reshaped([1, n]) }),
      kl: costs(network, inferences[0], pass.mode).map { $0.rowSums().mean().scalar }.reduce(0, +), offset: logVolume)
  }
}

// MARK: What it can do

extension StochasticHierarchy {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let sources = try options.given.sources(widths: latentWidths, items: signature.width)
    let codes = sources.enumerated().map { layer, source in
      // The mean of q(z_i|·), one row for all.
      source.code(rows: keys.count, latent: latentWidths[layer]) { inference($0, noise: nil).posteriors[layer].mean }
    }
    return decode(codes, keys: keys, options)
  }

  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let latent = keys.split("latent")
    var z: [Tensor] = []
    for layer in (0..<layers).reversed() {
      let own = codes[layer].filled {
        let noise = self.keys(latent, layer).normal(latentWidths[layer]) * options.temperature
        return z.first.map { prior(network, of: layer, given: $0, .evaluation).sample(noise: noise) } ?? noise
      }
      z.insert(own, at: 0)
    }
    return data.observation.items(decode(network, z, .evaluation), keys: keys, options)
  }

  package var observationModel: String { data.observation.description }

  package var scoreTerms: [Scores.Term] { Scores.Term.bounds(layers: layers) }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observed = data.observation.observed(x, keys: keys.split("binarise"))
    let evidence = evidence(network, observed, .evaluation)
    var weights = LogMeanExp()
    var (reconstruction, costs) = (Tensor.zeros([x.shape[0]]), [Tensor]())
    for draw in 0..<max(draws, 1) {
      let inference = inference(network, evidence, latent: keys.split("latent").split(draw), .evaluation)
      let logLikelihood = data.observation.logProbability(of: observed, decode(network, inference.draws, .evaluation)) - logVolume
      if draw == 0 { (reconstruction, costs) = (logLikelihood, divergences(inference)) }
      weights.add(logLikelihood + logRatio(network, inference, .evaluation))
    }
    return Scores(layers: costs, reconstruction: reconstruction, iwae: weights.value)
  }

  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    inference(network, evidence(network, data.observation.shown(x), .evaluation), latent: noise?.split("latent"), .evaluation)
  }

  package func divergence(_ inference: Inference) -> Tensor {
    let costs = divergences(inference)
    return costs.dropFirst().reduce(costs[0], +)
  }

  package func divergences(_ inference: Inference) -> [Tensor] { costs(network, inference, .evaluation).map { $0.rowSums() } }

  package func decodedMean(_ z: [Tensor]) -> Tensor { data.observation.mean(decode(network, z, .evaluation)) }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor {
    data.observation.logProbability(of: data.observation.shown(x), decode(network, z, .evaluation))
  }

  package var logVolume: Float { data.observation.logVolume(signature) }
}
