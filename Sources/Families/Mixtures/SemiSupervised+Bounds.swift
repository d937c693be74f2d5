internal import Distributions
internal import Networks
package import Tensors

extension SemiSupervised {
  /// What is known of items before any class is chosen: the auxiliary draw, where there is one, and ln q(y|x).
  struct Recognition {
    /// The inputs of the networks that see an item: x, and a.
    let inputs: [Tensor]
    /// q(a|x) with its draw.
    let auxiliary: (q: Normal, draw: Tensor)?
    /// Unnormalised ln q(y|x): [items, components].
    let logits: Tensor
  }

  /// - Parameters:
  ///   - grey: the same items before they were binarised; nil where x is not binarised.
  ///   - keys: of the auxiliary draw; nil takes its mean.
  func recognise(_ network: Network, _ x: Tensor, grey: Tensor? = nil, keys: RowKeys?, _ mode: Mode) -> Recognition {
    let auxiliary = auxiliary(network, x, mode).map { q in (q, keys.map { q.sample($0.split("auxiliary")) } ?? q.mean) }
    let draws = auxiliary.map { [$0.1] } ?? []
    let seen = configuration.classPixels == .grey ? grey ?? x : x
    return Recognition(
      inputs: [x] + draws, auxiliary: auxiliary, logits: network.classifierOutput(network.classifier([seen] + draws, mode), mode))
  }

  /// q(a|x).
  func auxiliary(_ network: Network, _ x: Tensor, _ mode: Mode) -> Normal? {
    guard let encoder = network.auxiliary, let mean = network.auxiliaryMean, let scale = network.auxiliaryScale else { return nil }
    let h = encoder([x], mode)
    return configuration.normal(mean: mean(h, mode), head: scale(h, mode))
  }

  /// q(z|x, y) of every pair.
  func posterior(_ network: Network, _ recognition: Recognition, _ pairs: ClassPairs, _ mode: Mode) -> Normal {
    let h = network.latent(recognition.inputs, pairs: pairs, mode)
    return configuration.normal(mean: network.latentMean(h, mode), head: network.latentScale(h, mode))
  }

  /// p(z|y) of some classes; a standard normal, one row a class all the same, where it doesn't depend on y.
  func prior(_ network: Network, of classes: [Int]) -> Normal {
    guard let mean = network.componentMean, let scale = network.componentScale else {
      return Normal.standard(rows: classes.count, dimensions: configuration.latent)
    }
    return Normal(mean: mean.gather(classes), logDeviation: 0.5 * scale.gather(classes))
  }

  /// ln p(y|z) of every class; nil where y doesn't depend on z.
  func logClasses(_ network: Network, of z: Tensor, _ mode: Mode) -> Tensor? {
    guard let prior = network.classPrior, let output = network.classPriorOutput else { return nil }
    return output(prior([z], mode), mode).logSoftmax()
  }

  /// ln p(y), or ln p(y|z), of every pair.
  private func logClassPrior(_ network: Network, _ z: Tensor, _ pairs: ClassPairs, _ mode: Mode) -> Tensor {
    logClasses(network, of: z, mode)?.entries(pairs.classes, perRow: 1) ?? Tensor(pairs.classes.map { logPrior[$0] })
  }

  /// p(a|x, z, y), or p(a|z, y), of every pair; nil where there is no a.
  func auxiliaryPrior(_ network: Network, _ x: Tensor, _ z: Tensor, _ pairs: ClassPairs, _ mode: Mode) -> Normal? {
    guard let decoder = network.auxiliaryPrior, let mean = network.auxiliaryPriorMean, let scale = network.auxiliaryPriorScale else { return nil }
    let h = decoder(configuration.auxiliarySeesItem ? [x] : [], own: [z], pairs: pairs, mode)
    return configuration.normal(mean: mean(h, mode), head: scale(h, mode))
  }

  /// The parameters of p(x|·) of some draws.
  ///
  /// - Parameter a: a row for each item of the pairs; nil where there is none.
  func decode(_ network: Network, _ z: Tensor, _ a: Tensor?, _ pairs: ClassPairs, _ mode: Mode) -> Heads {
    let h = network.decoder(Variant.has(.itemOnAuxiliary) ? [a].compactMap(\.self) : [], own: [z], pairs: pairs, mode)
    return Heads(location: network.output(h, mode), scale: network.outputScale?(h, mode))
  }

  /// The terms of L(x, y) for every pair, of one draw of z and a: [pairs] each, in nats of model units.
  struct PairTerms {
    let logLikelihood: Tensor
    /// KL(q(z|x, y) || p(z|y)), and of the auxiliary variable ln q(a|x) - ln p(a|x, z, y) at the draws.
    let divergence: Tensor
    /// ln p(y), or ln p(y|z) at the draw.
    let logClassPrior: Tensor
    /// q(z|x, y) and its draw.
    let q: Normal
    let z: Tensor
  }

  /// - Parameter x: what the likelihood is taken of, a row an item.
  func terms(_ network: Network, _ x: Tensor, _ recognition: Recognition, _ pairs: ClassPairs, keys: RowKeys, _ mode: Mode) -> PairTerms {
    let q = posterior(network, recognition, pairs, mode)
    // One noise an item for all its classes: their differences are then less noisy than the terms themselves.
    let z = q.sample(noise: keys.split("latent").normal(configuration.latent).gather(pairs.items))
    let heads = decode(network, z, recognition.auxiliary?.draw, pairs, mode)
    let logLikelihood = configuration.observation.logProbability(of: x.gather(pairs.items), heads)
    var divergence = q.divergence(from: prior(network, of: pairs.classes))
    if let auxiliary = recognition.auxiliary { divergence = divergence + auxiliaryRatio(network, x, auxiliary, z, pairs, mode) }
    return PairTerms(
      logLikelihood: logLikelihood, divergence: divergence, logClassPrior: logClassPrior(network, z, pairs, mode), q: q, z: z)
  }

  /// ln q(a|x) - ln p(a|x, z, y) of every pair.
  private func auxiliaryRatio(
    _ network: Network, _ x: Tensor, _ auxiliary: (q: Normal, draw: Tensor), _ z: Tensor, _ pairs: ClassPairs, _ mode: Mode
  ) -> Tensor {
    guard let p = auxiliaryPrior(network, x, z, pairs, mode) else {
      preconditionFailure("a network with q(a|x) has p(a|x, z, y) or p(a|z, y)")
    }
    return auxiliary.q.logProbability(of: auxiliary.draw).gather(pairs.items) - p.logProbability(of: auxiliary.draw.gather(pairs.items))
  }

  /// U(x) and its parts for items of which every class is weighed: [items] each.
  package struct Marginal {
    package let bound: Tensor
    /// Σ_y q(y|x) ln p(x|z_y, y).
    package let reconstruction: Tensor
    /// Σ_y q(y|x) KL(q(z|x, y) || p(z|y)).
    package let divergence: Tensor
    /// KL(q(y|x) || p(y)), or Σ_y q(y|x) (ln q(y|x) - ln p(y|z_y)).
    package let classDivergence: Tensor
    /// q(y|x): [items, components].
    package let responsibilities: Tensor
  }

  /// Of some of the components alone it is the bound of the q(y|x) that has no other: at most ln Σ e^L(x, y) over those, as the whole one is over all.
  ///
  /// - Parameters:
  ///   - logLikelihood, divergence: of every class, or of those that an item is weighed under: [items, components].
  ///   - logPrior: ln p(y) of the same classes, or ln p(y|z_y); nil: p(y) of all.
  package func marginal(
    logits: Tensor, logLikelihood: Tensor, divergence: Tensor, logPrior: Tensor? = nil, weight: Float = 1
  ) -> Marginal {
    let logResponsibilities = logits.logSoftmax()
    let responsibilities = logResponsibilities.exp()
    let reconstruction = responsibilities.rowDots(logLikelihood)
    let cost = responsibilities.rowDots(divergence)
    let classes = responsibilities.rowDots(logResponsibilities - (logPrior ?? Tensor(self.logPrior)))
    return Marginal(
      bound: reconstruction - (cost + classes) * weight, reconstruction: reconstruction, divergence: cost, classDivergence: classes,
      responsibilities: responsibilities)
  }
}
