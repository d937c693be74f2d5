internal import Distributions
package import Modelling
internal import Networks
internal import Optimisation
package import Tensors

extension HVAE: EvidenceBounded {
  package typealias TrainingOptions = VAE.TrainingOptions

  package func check(items: Tensor) throws(Fault) { try configuration.data.observation.check(items: items) }

  package func bound(_ network: Network, _ batch: Tensor, _ pass: Pass) -> EvidenceBound {
    let observation = configuration.data.observation
    let x = observation.observed(batch, keys: pass.keys.split("binarise"))
    let inference = inference(network, features: network.data.features(x, pass.mode), latent: pass.keys.split("latent"), pass.mode)
    let top = configuration.latents.count - 1
    return EvidenceBound(
      reconstruction: observation.logProbability(of: x, decode(network, inference.draws, pass.mode)).mean(),
      costs: costs(network, inference, pass.mode).map { $0.mean(axes: [0]) }, top: inference.posteriors[top], draw: inference.draws[top],
      offset: observation.logVolume(signature))
  }

  package func weightedBound(_ network: Network, _ batch: Tensor, draws: Int, _ pass: Pass) -> WeightedBound {
    let (n, observation) = (batch.shape[0], configuration.data.observation)
    let x = observation.observed(batch, keys: pass.keys.split("binarise"))
    let features = network.data.features(x, pass.mode)
    let inferences = (0..<draws).map { inference(network, features: features, latent: pass.keys.split("latent").split($0), pass.mode) }
    // All draws go through the decoder as one batch.
    let codes = configuration.latents.indices.map { layer in Tensor.concatenated(inferences.map { $0.draws[layer] }) }
    let repeated = x.gather((0..<draws * n).map { $0 % n })
    return WeightedBound(
      logLikelihood: observation.logProbability(of: repeated, decode(network, codes, pass.mode)).reshaped([draws, n]),
      logRatio: Tensor.concatenated(inferences.map { logRatio(network, $0, pass.mode).reshaped([1, n]) }),
      kl: costs(network, inferences[0], pass.mode).map { $0.rowSums().mean().scalar }.reduce(0, +), offset: observation.logVolume(signature))
  }
}
