internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension SemiSupervised: Classifying {
  package var componentCount: Int { logPrior.count }

  package func logits(_ x: Tensor) -> Tensor { recognise(network, configuration.observation.shown(x), keys: nil, .evaluation).logits }
}

extension SemiSupervised: Clustering {
  package var componentCounts: [Int] { [componentCount] }

  package func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    guard Variant.has(.auxiliary), draws > 0 else { return [logits(x).softmax()] }
    let shown = configuration.observation.shown(x)
    let parts = (0..<draws).map { recognise(network, shown, keys: keys.split($0), .evaluation).logits.softmax() }
    return [parts.dropFirst().reduce(parts[0], +) / Float(draws)]
  }
}

extension SemiSupervised: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let source = try source(options.given)
    let n = keys.count
    let classes: [Int]
    if case .component(let component) = source {
      classes = [Int](repeating: component, count: n)
    } else {
      classes = self.classes(keys)
    }
    let z: Tensor
    var decoded = classes
    if case .item(let item) = source {
      let x = configuration.observation.shown(Tensor(shape: [1, item.count], scalars: item))
      let recognition = recognise(network, x, keys: nil, .evaluation)
      let component = recognition.logits.argmaxRows()[0]
      z = posterior(network, recognition, ClassPairs(classes: [component], components: componentCount), .evaluation).mean.gather(
        [Int](repeating: 0, count: n))
      decoded = [Int](repeating: component, count: n)
    } else if case .code = source {
      z = source.code(rows: n, latent: configuration.latent) { $0 }
    } else {
      let prior = prior(network, of: classes)
      z = prior.mean + prior.deviation * keys.split("latent").normal(configuration.latent) * options.temperature
    }
    return configuration.observation.items(decode(network, z, classes: decoded, .evaluation), keys: keys, options)
  }

  /// Draws of p(y).
  func classes(_ keys: RowKeys) -> [Int] {
    Categorical(logits: Tensor(logPrior).reshaped([1, componentCount]).expanded(to: [keys.count, componentCount])).sampleIndices(keys.split("class"))
  }

  /// Where the one layer's latent variables come from.
  private func source(_ condition: SampleCondition) throws(Fault) -> LayerSource {
    switch condition {
    case .nothing: return .prior
    case .label(let name):
      guard let classes = signature.classes else {
        throw Fault(field: "given.label", given: "\"\(name)\"", expected: "a cluster: this model learnt from no labels")
      }
      guard let component = classes.firstIndex(of: name) else {
        throw Fault(field: "given.label", given: "\"\(name)\"", expected: "one of \(classes.joined(separator: ", "))")
      }
      return .component(component)
    case .component(let component, let layer):
      guard layer ?? 0 == 0 else { throw Fault(field: "given.layer", given: "\(layer ?? 0)", expected: "0, the only layer") }
      return try checked(.component(component), field: "given.cluster")
    case .layers(let sources):
      try sources.check(widths: [configuration.latent], items: signature.width)
      return try checked(sources[0], field: "given.layers[0].cluster")
    case .text: throw Fault(field: "given.text", given: "a text", expected: "no text: this model draws none")
    }
  }

  private func checked(_ source: LayerSource, field: String) throws(Fault) -> LayerSource {
    if case .component(let component) = source, !(0..<componentCount).contains(component) {
      throw Fault(field: field, given: "\(component)", expected: "0 to \(componentCount - 1)")
    }
    return source
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
      return configuration.observation.mean(decode(network, z, classes: [Int](repeating: 0, count: n), .evaluation))
    }
    let pairs = ClassPairs(unlabelled: n, components: componentCount)
    let recognition = recognise(network, shown, keys: sampling ? keys : nil, .evaluation)
    let q = posterior(network, recognition, pairs, .evaluation)
    let z = sampling ? q.sample(noise: keys.split("latent").normal(configuration.latent).gather(pairs.items)) : q.mean
    let means = configuration.observation.mean(decode(network, z, classes: pairs.classes, .evaluation))
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
    var (first, logWeights): (Marginal?, [Tensor]) = (nil, [])
    for draw in 0..<max(draws, 1) {
      let keys = keys.split("draw").split(draw)
      let recognition = recognise(network, observed, grey: x, keys: keys, .evaluation)
      let terms = terms(network, observed, recognition, pairs, keys: keys, .evaluation)
      if first == nil {
        first = marginal(logits: recognition.logits, logLikelihood: table(terms.logLikelihood), divergence: table(terms.divergence))
      }
      // ln p(x|z, y) + ln p(z|y) - ln q(z|x, y), and of the auxiliary draw ln p(a|x, z, y) - ln q(a|x), which `divergence` has beside the KL of z
      let auxiliary = terms.q.divergence(from: prior) - terms.divergence
      let ratio = prior.logProbability(of: terms.z) - terms.q.logProbability(of: terms.z) + auxiliary
      logWeights.append((table(terms.logLikelihood + ratio) + Tensor(logPrior)).logSumExp().reshaped([1, n]))
    }
    guard let first else { preconditionFailure("at least one draw") }
    let iwae = iwaeBound(Tensor.concatenated(logWeights)) - offset
    return Scores(
      elbo: first.bound - offset, kl: first.divergence + first.classDivergence, reconstruction: first.reconstruction - offset, iwae: iwae)
  }
}
