internal import Distributions
internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

// The components' start: a Gaussian mixture of the latent codes of a VAE, as Jiang et al. 2017 (VaDE) begin. From noise alone, components tend to settle
// in whatever the first steps happen to make of them.
extension SemiSupervised {
  /// The negative bound of a VAE: every item of the first class, and that class's z a standard normal.
  func pretrainingObjective(_ network: Network, batch: Tensor, options: TrainingOptions, pass: Pass) -> Objective {
    let observation = configuration.observation
    var network = network
    network.componentMean = .zeros([componentCount, configuration.latent])
    network.componentScale = .zeros([componentCount, configuration.latent])
    let x = observation.observed(batch, keys: pass.keys.split("binarise"))
    let recognition = recognise(network, x, keys: pass.keys, pass.mode)
    let terms = terms(network, x, recognition, firstClass(batch.shape[0]), keys: pass.keys, pass.mode)
    let (reconstruction, divergence) = (terms.logLikelihood.mean(), terms.divergence.mean())
    let weight = weight(options, pass)
    let offset = observation.isDensity ? signature.space.logVolume : 0
    return Objective(
      loss: divergence * weight - reconstruction,
      terms: [
        Term("pretraining_elbo_nats", reconstruction.scalar - divergence.scalar - offset),
        Term("reconstruction_nats", reconstruction.scalar - offset), Term("kl_nats", divergence.scalar),
      ])
  }

  func firstClass(_ count: Int) -> ClassPairs { ClassPairs(classes: [Int](repeating: 0, count: count), components: componentCount) }

  /// Just after the pretraining: components fitted to latent draws of the items, and every class recognised as the first one was; else nil.
  func fitted(_ network: Network, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingData) -> Network? {
    guard options.pretrainingEpochs > 0, epoch == options.pretrainingEpochs else { return nil }
    return fitted(network, key: key, items: items).network
  }

  /// A mixture fitted to latent draws of the items, its components in the order of the classes, and a network that has them and in which every class is
  /// what the first one was.
  func fitted(_ network: Network, key: RandomKey, items: TrainingData) -> (network: Network, codes: GaussianMixture) {
    var fitted = network
    func first(_ classes: Tensor?) -> Tensor? { classes?.gather([Int](repeating: 0, count: componentCount)) }
    fitted.latent.classes = first(network.latent.classes)
    fitted.decoder.classes = first(network.decoder.classes)
    if let table = network.auxiliaryPrior?.classes { fitted.auxiliaryPrior?.classes = first(table) }
    let chosen = Array(key.split("items").permutation(items.count).prefix(Self.fittedItems))
    let mixture = GaussianMixture.fitted(to: draws(fitted, items, chosen, key.split("draws")), components: componentCount, key: key.split("mixture"))
    let order = order(of: mixture, network: fitted, items: items, key: key.split("labelled draws"))
    let (shape, apart): (Shape, Shape) = ([componentCount, configuration.latent], [1, componentCount, configuration.latent])
    let (means, deviations) = (mixture.means.reshaped(shape).gather(order), mixture.deviations.reshaped(shape))
    if Variant.has(.codeOnClass) { (fitted.componentMean, fitted.componentScale) = (means, (2 * deviations.log()).gather(order)) }
    return (
      fitted,
      GaussianMixture(
        logits: mixture.logits.reshaped([componentCount]).gather(order).reshaped([1, componentCount]), means: means.reshaped(apart),
        deviations: deviations.gather(order).reshaped(apart))
    )
  }

  /// The components in the order of the classes that their labelled items are of, those without a class behind them.
  ///
  /// The pair of class and component that belong together most is joined first, then the next of what is left.
  private func order(of mixture: GaussianMixture, network: Network, items: TrainingData, key: RandomKey) -> [Int] {
    let classes = signature.classes?.count ?? 0
    guard classes > 0, !items.labelled.isEmpty else { return Array(0..<componentCount) }
    let chosen = Array(items.labelled.prefix(Self.fittedItems))
    let responsibilities = mixture.responsibilities(of: draws(network, items, chosen.map(\.item), key)).scalars
    var (shares, counts) = ([[Float]](repeating: [Float](repeating: 0, count: componentCount), count: classes), [Float](repeating: 0, count: classes))
    for (row, item) in chosen.enumerated() {
      counts[item.code] += 1
      for component in 0..<componentCount { shares[item.code][component] += responsibilities[row * componentCount + component] }
    }
    var pairs = (0..<classes).flatMap { code in
      (0..<componentCount).map { (code: code, component: $0, share: shares[code][$0] / max(counts[code], 1)) }
    }
    pairs.sort { ($0.share, $1.code, $1.component) > ($1.share, $0.code, $0.component) }
    var (component, taken) = ([Int?](repeating: nil, count: classes), Set<Int>())
    for pair in pairs where component[pair.code] == nil && taken.insert(pair.component).inserted { component[pair.code] = pair.component }
    return component.compactMap { $0 } + (0..<componentCount).filter { !taken.contains($0) }
  }

  /// Items that a mixture is fitted to at most.
  static var fittedItems: Int { 20_000 }

  /// A draw of z for each of some items: [items, latent].
  private func draws(_ network: Network, _ items: TrainingData, _ places: [Int], _ key: RandomKey) -> Tensor {
    Tensor.concatenated(
      recognised(network, items, places, key) { recognition, keys in
        posterior(network, recognition, firstClass(keys.count), .evaluation).sample(keys.split("latent"))
      })
  }

  /// What `body` makes of the recognition of some items, block by block.
  func recognised<Result>(
    _ network: Network, _ items: TrainingData, _ places: [Int], _ key: RandomKey, _ body: (Recognition, RowKeys) -> Result
  ) -> [Result] {
    let block = 500
    return stride(from: 0, to: places.count, by: block).map { start in
      let rows = start..<min(start + block, places.count)
      let (values, keys) = (items[Array(places[rows])], RowKeys(key, rows: rows))
      let x = configuration.observation.observed(values, keys: keys.split("binarise"))
      return body(recognise(network, x, grey: values, keys: keys, .evaluation), keys)
    }
  }
}
