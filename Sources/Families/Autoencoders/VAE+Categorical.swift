internal import Distributions
package import Modelling
internal import Networks
package import Tensors

// z of categorical variables under a prior of equally likely classes (Jang et al. 2017).
extension VAE {
  /// The code of the greatest probability: of a Gaussian its mean, else the likeliest class of every variable; x: [n, width].
  func likeliestCode(of x: Tensor) -> Tensor {
    switch belief(network, configuration.observation.shown(x), .evaluation) {
    case .gaussian(let q): q.mean
    case .categorical(let q): q.likeliest
    }
  }

  /// ln p(z): [n].
  func logPrior(of z: Tensor) -> Tensor {
    guard let latents = configuration.latents else { return prior.logProbability(of: z) }
    return Belief.categorical(latents.uniform(rows: z.shape[0])).logProbability(of: z)
  }

  /// KL(q ‖ p), or its estimate at a draw of q: [n].
  func divergence(of q: Belief, at z: Tensor) -> Tensor {
    switch q {
    case .gaussian(let q): prior.divergence(of: q, at: z)
    case .categorical(let q): q.uniformKLPerVariable.rowSums()
    }
  }

  /// E_q[ln p(x|z)] - Σ q ln (q k), the first by one draw and with the gradient of an estimator.
  ///
  /// With relaxed draws this is no bound of any model; what is reported of a model is of hard draws.
  func categoricalBound(
    _ network: Network, _ batch: Tensor, _ training: CategoricalTraining, baseline: SignalBaseline?, _ pass: Pass
  ) -> EvidenceBound {
    let x = configuration.observation.observed(batch, keys: pass.keys.split("binarise"))
    guard case .categorical(let q) = belief(network, x, pass.mode) else { preconditionFailure("these codes are Gaussian") }
    let reconstruction = CategoricalExpectation(q: q, training: training, baseline: baseline, items: x).mean(pass) { z, isTraced in
      configuration.observation.logProbability(of: x, decode(network, z, isTraced ? pass.mode : pass.mode.untraced))
    }
    return EvidenceBound(
      reconstruction: reconstruction, costs: [q.uniformKLPerVariable.mean(axes: [0])], top: nil,
      offset: configuration.observation.logVolume(signature))
  }

  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    guard let latents = configuration.latents else { return decodedMean(inference(x, noise: sampling ? keys : nil).draws) }
    let z =
      sampling
      ? belief(network, configuration.observation.shown(x), .evaluation).sample(keys.split("latent")) : latents.oneHot(likeliestCode(of: x))
    return decodedMean([z])
  }
}

extension VAE: CategoricallyEncoding {
  package func use(of x: Tensor, keys: RowKeys) -> CategoricalUse {
    let shown = configuration.observation.shown(x)
    guard case .categorical(let q) = belief(network, shown, .evaluation) else { preconditionFailure("these codes are Gaussian") }
    let z = q.sample(keys.split("latent")).flattened()
    let likelihood = configuration.observation.logProbability(of: shown, decode(network, z, .evaluation)) - logVolume
    return CategoricalUse(costs: q.uniformKLPerVariable, logLikelihood: likelihood)
  }
}
