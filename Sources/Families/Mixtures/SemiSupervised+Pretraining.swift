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

  private func firstClass(_ count: Int) -> ClassPairs { ClassPairs(classes: [Int](repeating: 0, count: count), components: componentCount) }

  /// Just after the pretraining: components fitted to latent draws of the items, and every class recognised as the first one was; else nil.
  func fitted(_ network: Network, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingData) -> Network? {
    guard options.pretrainingEpochs > 0, epoch == options.pretrainingEpochs else { return nil }
    var fitted = network
    fitted.latent.classes = network.latent.classes?.gather([Int](repeating: 0, count: componentCount))
    if let table = network.auxiliaryPrior?.classes { fitted.auxiliaryPrior?.classes = table.gather([Int](repeating: 0, count: componentCount)) }
    let chosen = Array(key.split("items").permutation(items.count).prefix(Self.fittedItems))
    let mixture = GaussianMixture.fitted(to: draws(fitted, items, chosen, key.split("draws")), components: componentCount, key: key.split("mixture"))
    let order = order(of: mixture, network: fitted, items: items, key: key.split("labelled draws"))
    let shape: Shape = [componentCount, configuration.latent]
    fitted.componentMean = mixture.means.reshaped(shape).gather(order)
    fitted.componentScale = (2 * mixture.deviations.reshaped(shape).log()).gather(order)
    return fitted
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
  private static var fittedItems: Int { 20_000 }

  /// A draw of z for each of some items: [items, latent].
  private func draws(_ network: Network, _ items: TrainingData, _ places: [Int], _ key: RandomKey) -> Tensor {
    let block = 500
    return Tensor.concatenated(
      stride(from: 0, to: places.count, by: block).map { start in
        let rows = start..<min(start + block, places.count)
        let keys = RowKeys(key, rows: rows)
        let x = configuration.observation.observed(items[Array(places[rows])], keys: keys.split("binarise"))
        let recognition = recognise(network, x, keys: keys, .evaluation)
        return posterior(network, recognition, firstClass(rows.count), .evaluation).sample(keys.split("latent"))
      })
  }
}
