internal import Distributions
package import Modelling
internal import Networks
package import Tensors

/// White-box access to a model with Gaussian codes; one with categorical codes is not offered as attackable.
extension VAE: Attackable {
  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let q = posterior(network, configuration.observation.shown(x), .evaluation)
    return Inference(posteriors: [q], draws: [noise.map { q.sample($0.split("latent")) } ?? q.mean])
  }

  package func decodedMean(_ z: [Tensor]) -> Tensor { configuration.observation.mean(decode(network, z[0], .evaluation)) }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor {
    configuration.observation.logProbability(of: configuration.observation.shown(x), decode(network, z[0], .evaluation))
  }

  package var logVolume: Float { configuration.observation.logVolume(signature) }

  package func divergence(_ inference: Inference) -> Tensor { prior.divergenceBound(of: inference.posteriors[0]) }
}
