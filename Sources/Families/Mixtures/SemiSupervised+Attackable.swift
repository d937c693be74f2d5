internal import Distributions
package import Modelling
internal import Networks
package import Tensors

/// Variants of which x depends on z alone, so that a latent code is all that a decoder needs.
package protocol LatentDecodingVariant: SemiSupervisedVariant {}

extension SemiSupervised: Decoding where Variant: LatentDecodingVariant {
  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let z = codes[0].filled {
      let prior = prior(network, of: classes(keys))
      return prior.mean + prior.deviation * keys.split("latent").normal(configuration.latent) * options.temperature
    }
    return configuration.observation.items(heads([z]), keys: keys, options)
  }
}

extension SemiSupervised: Attackable, Inferring where Variant: LatentDecodingVariant {
  package var latentWidths: [Int] { [configuration.latent] }

  /// The Gaussian with the moments of q(z|x) = Σ_y q(y|x) q(z|x, y), the auxiliary variable at its mean.
  package func inference(_ x: Tensor, noise: RowKeys?) -> Inference {
    let q = mixture(configuration.observation.shown(x))
    return Inference(posteriors: [q], draws: [noise.map { q.sample($0.split("latent")) } ?? q.mean])
  }

  package var logVolume: Float { configuration.observation.logVolume(signature) }

  package func decodedMean(_ z: [Tensor]) -> Tensor { configuration.observation.mean(heads(z)) }

  package func logLikelihood(of x: Tensor, given z: [Tensor]) -> Tensor {
    configuration.observation.logProbability(of: configuration.observation.shown(x), heads(z))
  }

  private func heads(_ z: [Tensor]) -> Heads { decode(network, z[0], nil, firstClass(z[0].shape[0]), .evaluation) }

  /// An upper bound on the divergence from the mixture p(z), exact for one component (`GaussianMixture.divergenceBound`).
  package func divergence(_ inference: Inference) -> Tensor {
    let components = prior(network, of: Array(0..<componentCount))
    let shape: Shape = [1, componentCount, configuration.latent]
    let mixture = GaussianMixture(
      logits: Tensor(logPrior).reshaped([1, componentCount]), means: components.mean.reshaped(shape), deviations: components.deviation.reshaped(shape)
    )
    return mixture.divergenceBound(of: inference.posteriors[0])
  }
}
