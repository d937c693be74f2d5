internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension SemiSupervised: Classifying {
  package var componentCount: Int { logPrior.count }

  /// Of q(y|x) = E q(y|a, x), a ~ q(a|x): the mean over draws of the same noise for every item, so that it depends on no seed; or at the mean of a.
  package func logits(_ x: Tensor) -> Tensor {
    let shown = configuration.observation.shown(x)
    let draws = configuration.classDraws ?? Variant.classDraws
    guard draws > 0, let q = auxiliary(network, shown, .evaluation) else { return recognise(network, shown, keys: nil, .evaluation).logits }
    let noise = RandomKey(seed: 0).split("class draws").normal([draws, configuration.auxiliary])
    let part = network.classifier.part(of: [shown], .evaluation)
    func drawn(_ draw: Int) -> Tensor {
      let h = network.classifier(part: part, own: [q.sample(noise: noise.slice(0, draw..<draw + 1))], .evaluation)
      return network.classifierOutput(h, .evaluation).softmax()
    }
    let mean = (1..<draws).reduce(drawn(0)) { $0 + drawn($1) } / Float(draws)
    // The small number keeps the logarithm of a class that is of no draw finite.
    return (mean + .leastNormalMagnitude).log()
  }
}

extension SemiSupervised: Clustering {
  package var componentCounts: [Int] { [componentCount] }

  package func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    guard Variant.has(.auxiliary), draws > 0 else { return [logits(x).softmax()] }
    let shown = configuration.observation.shown(x)
    func drawn(_ draw: Int) -> Tensor { recognise(network, shown, keys: keys.split(draw), .evaluation).logits.softmax() }
    return [(1..<draws).reduce(drawn(0)) { $0 + drawn($1) } / Float(draws)]
  }
}

extension SemiSupervised: Encoding {
  package var codeForms: [Code.Form] { [.gaussian(width: configuration.latent)] }

  /// The mean and deviation of Σ_y q(y|x) q(z|x, y), the auxiliary variable at its mean.
  package func encode(_ x: Tensor) -> [Code] {
    let q = mixture(configuration.observation.shown(x))
    return [.gaussian(q)]
  }

  /// The Gaussian with the moments of q(z|x).
  func mixture(_ x: Tensor) -> Normal {
    let (n, d) = (x.shape[0], configuration.latent)
    let recognition = recognise(network, x, keys: nil, .evaluation)
    let q = posterior(network, recognition, ClassPairs(unlabelled: n, components: componentCount), .evaluation)
    let weights = recognition.logits.softmax().reshaped([n, componentCount, 1])
    let means = q.mean.reshaped([n, componentCount, d])
    let mean = (weights * means).sum(axis: 1)
    let spread = (means - mean.reshaped([n, 1, d])).squared() + q.deviation.squared().reshaped([n, componentCount, d])
    return Normal(mean: mean, deviation: (weights * spread).sum(axis: 1).squareRoot())
  }
}

extension SemiSupervised: Reconstructing {
  /// E p(x|z) at the mean of q(z|x), or at a draw of the Gaussian with its moments; where x depends on y too, Σ_y q(y|x) E p(x|z_y, y).
  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    let shown = configuration.observation.shown(x)
    let n = x.shape[0]
    guard Variant.has(.itemOnClass) else {
      let q = mixture(shown)
      let z = sampling ? q.sample(keys.split("latent")) : q.mean
      return configuration.observation.mean(decode(network, z, nil, firstClass(n), .evaluation))
    }
    let pairs = ClassPairs(unlabelled: n, components: componentCount)
    let recognition = recognise(network, shown, keys: sampling ? keys : nil, .evaluation)
    let q = posterior(network, recognition, pairs, .evaluation)
    let z = sampling ? q.sample(noise: keys.split("latent").normal(configuration.latent).gather(pairs.items)) : q.mean
    let means = configuration.observation.mean(decode(network, z, recognition.auxiliary?.draw, pairs, .evaluation))
    return (recognition.logits.softmax().reshaped([n, componentCount, 1]) * means.reshaped([n, componentCount, signature.width])).sum(axis: 1)
  }
}

extension SemiSupervised: Scoring {
  package var observationModel: String { configuration.observation.description + ", every class weighed" }

  /// The importance-weighted bound is ln 1/k Σ_k Σ_y p(x, y, z_ky) / q(z_ky | x, y), in which y is summed over and never drawn.
  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let n = x.shape[0]
    let observed = configuration.observation.observed(x, keys: keys.split("binarise"))
    let pairs = ClassPairs(unlabelled: n, components: componentCount)
    let prior = prior(network, of: pairs.classes)
    let offset = configuration.observation.isDensity ? signature.space.logVolume : 0
    func table(_ values: Tensor) -> Tensor { values.reshaped([n, componentCount]) }
    var (first, weights): (Marginal?, LogMeanExp) = (nil, LogMeanExp())
    for draw in 0..<max(draws, 1) {
      let keys = keys.split("draw").split(draw)
      let recognition = recognise(network, observed, grey: x, keys: keys, .evaluation)
      let terms = terms(network, observed, recognition, pairs, keys: keys, .evaluation)
      if first == nil {
        first = marginal(
          logits: recognition.logits, logLikelihood: table(terms.logLikelihood), divergence: table(terms.divergence),
          logPrior: table(terms.logClassPrior))
      }
      // ln p(x|z, y) + ln p(z|y) - ln q(z|x, y), and of the auxiliary draw ln p(a|x, z, y) - ln q(a|x), which `divergence` has beside the KL of z
      let auxiliary = terms.q.divergence(from: prior) - terms.divergence
      let ratio = prior.logProbability(of: terms.z) - terms.q.logProbability(of: terms.z) + auxiliary
      weights.add((table(terms.logLikelihood + ratio) + table(terms.logClassPrior)).logSumExp())
    }
    guard let first else { preconditionFailure("at least one draw") }
    return Scores(
      elbo: first.bound - offset, kl: first.divergence + first.classDivergence, reconstruction: first.reconstruction - offset,
      iwae: weights.value - offset)
  }
}
