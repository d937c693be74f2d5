internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension SemiSupervised: GradientTrainable {
  package typealias TrainingOptions = SemiSupervisedTrainingOptions
  package typealias OwnLearner = PhasedLearner<LearningState, Self>

  package static var learnsFrom: LearningInputs { .labels }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try options.augmentation?.check(signature)
    guard options.enumeration ?? 1 <= componentCount else {
      throw Fault(field: "enumeration", given: "\(options.enumeration ?? 1)", expected: "1 to \(componentCount), as many components as there are")
    }
    guard options.pretrainingEpochs == 0 || Variant.has(.codeOnClass) else {
      throw Fault(field: "pretraining_epochs", given: "\(options.pretrainingEpochs)", expected: "0: \(Self.name) has no components to fit")
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  /// -(mean U + mean L + α N / N_l mean ln q(y|x)) + λ / N Σ W² / 2, the first mean over the items without a label, the others over those with one.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    if pass.epoch < Float(options.pretrainingEpochs) { return pretrainingObjective(network, batch: batch.values, options: options, pass: pass) }
    return boundObjective(network, batch: batch, options: options, pass: pass).objective
  }

  /// The objective, and the logits of q(y|x) that it is made with, of the first draws where it takes several.
  func boundObjective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> (objective: Objective, logits: Tensor) {
    // Just after the components were fitted only q(y|x) learns: all else would move to meet it before it can tell them apart.
    let isFrozen = options.pretrainingEpochs > 0 && pass.epoch < Float(options.pretrainingEpochs + options.frozenEpochs)
    let fixed = isFrozen ? network.mapping { $1.detached } : network
    var seeing = fixed
    (seeing.classifier, seeing.classifierOutput) = (network.classifier, network.classifierOutput)
    let observation = configuration.observation
    let observed = observation.observed(batch.values, keys: pass.keys.split("binarise"))
    // Every draw of an item is a row.
    let rows = (0..<batch.values.shape[0]).flatMap { [Int](repeating: $0, count: options.draws) }
    func drawn(_ values: Tensor) -> Tensor { options.draws == 1 ? values : values.gather(rows) }
    let labels = batch.labels.classes.flatMap { [Int](repeating: $0, count: options.draws) }
    let unlabelled = rows.count - labels.count
    let (x, keys) = (drawn(observed), pass.keys.repeated(options.draws))
    let recognition = recognise(seeing, x, grey: drawn(batch.values), keys: keys, pass.mode)
    let weighed = unlabelled == 0 || isFrozen ? componentCount : options.enumeration ?? componentCount
    let chosen = weighed < componentCount ? likeliest(weighed, of: recognition.logits, rows: unlabelled) : nil
    let pairs =
      chosen.map { ClassPairs(unlabelled: unlabelled, chosen: $0, labels: labels) }
      ?? ClassPairs(unlabelled: unlabelled, labels: labels, components: componentCount)
    let terms = terms(fixed, x, recognition, pairs, keys: keys, pass.mode)
    let weight = weight(options, pass)
    let offset = observation.isDensity ? signature.space.logVolume : 0

    let enumerated = unlabelled * weighed
    var (loss, report): (Tensor?, [Term]) = (nil, [])
    if unlabelled > 0 {
      func table(_ values: Tensor) -> Tensor { values.slice(0, 0..<enumerated).reshaped([unlabelled, weighed]) }
      let logits = recognition.logits.slice(0, 0..<unlabelled)
      let u = marginal(
        logits: chosen.map { table(logits.entries($0, perRow: weighed)) } ?? logits, logLikelihood: table(terms.logLikelihood),
        divergence: table(terms.divergence), logPrior: table(terms.logClassPrior), weight: weight)
      // Towards the exact p(y|x, z) by its own cross-entropy: climbing the bound from an even q(y|x), all items would crowd into the widest component.
      loss = isFrozen ? exactClassDivergence(logits, terms, unlabelled).mean() : -u.bound.mean()
      let (reconstruction, divergence, classes) = (u.reconstruction.mean().scalar, u.divergence.mean().scalar, u.classDivergence.mean().scalar)
      report += [
        Term("elbo_nats", reconstruction - divergence - classes - offset), Term("reconstruction_nats", reconstruction - offset),
        Term("kl_nats", divergence), Term("class_kl_nats", classes),
        Term("components_used", perplexity(of: chosen == nil ? u.responsibilities : logits.detached.softmax())),
      ]
    }
    if !labels.isEmpty {
      let (rows, place) = (enumerated..<pairs.count, unlabelled..<unlabelled + labels.count)
      let bound = terms.logLikelihood.slice(0, rows) - (terms.divergence - terms.logClassPrior).slice(0, rows) * weight
      let classification = crossEntropy(recognition.logits.slice(0, place), labels).mean()
      let alpha = options.alpha * Float(batch.labels.items) / Float(max(batch.labels.labelledItems, 1))
      let labelled = classification * alpha - bound.mean()
      loss = loss.map { $0 + labelled } ?? labelled
      report += [
        Term("labelled_elbo_nats", bound.mean().scalar - offset), Term("classification_nats", classification.scalar),
      ]
    }
    guard var loss else { preconditionFailure("an empty batch") }
    if options.weightPrior > 0, !isFrozen { loss = loss + squaredWeights(network) * (0.5 * options.weightPrior / Float(max(batch.labels.items, 1))) }
    let logits = recognition.logits
    let first = options.draws == 1 ? logits : logits.gather(Array(stride(from: 0, to: rows.count, by: options.draws)))
    return (Objective(loss: loss, terms: report), first)
  }

  /// Of the divergences.
  func weight(_ options: TrainingOptions, _ pass: Pass) -> Float {
    options.warmUpEpochs > 0 ? min(1, pass.epoch / options.warmUpEpochs) : 1
  }

  /// -Σ_y r_y ln q(y|x) with r_y ∝ e^L(x, y), the q(y|x) of the greatest bound: [items].
  private func exactClassDivergence(_ logits: Tensor, _ terms: PairTerms, _ items: Int) -> Tensor {
    let bounds = (terms.logLikelihood - terms.divergence).slice(0, 0..<items * componentCount).reshaped([items, componentCount])
    return -logits.logSoftmax().rowDots((bounds + Tensor(logPrior)).softmax().detached)
  }

  /// -ln q(y|x) of the known classes: [rows].
  func crossEntropy(_ logits: Tensor, _ labels: [Int]) -> Tensor {
    let chosen = Tensor(shape: logits.shape) { y in
      y.update(repeating: 0, count: logits.count)
      for (row, label) in labels.enumerated() { y[row * componentCount + label] = -1 }
    }
    return logits.logSoftmax().rowDots(chosen)
  }

  /// The components of greatest q(y|x), the likeliest first and of equals the first, item by item.
  private func likeliest(_ count: Int, of logits: Tensor, rows: Int) -> [Int] {
    let (components, scalars) = (componentCount, logits.scalars)
    return (0..<rows).flatMap { row in
      (0..<components).sorted { (scalars[row * components + $1], $0) < (scalars[row * components + $0], $1) }.prefix(count)
    }
  }

  /// e^H of the mean responsibilities: how many components are in use.
  private func perplexity(of responsibilities: Tensor) -> Float {
    let mean = responsibilities.detached.mean(axes: [0])
    return (-(mean * (mean + 1e-20).log()).sum()).exp().scalar
  }

  /// Σ W² over every parameter but the components', which have a prior's role already.
  private func squaredWeights(_ network: Network) -> Tensor {
    let leaves = network.leaves.filter { $0.leaf.isTrainable && !$0.leaf.path.hasPrefix("component_") }
    return leaves.dropFirst().reduce(leaves[0].tensor.squared().sum()) { $0 + $1.tensor.squared().sum() }
  }

  /// With the moments of batch normalisation collected anew over all items, each under as many classes and draws as it is learnt from.
  package func finished(_ data: TrainingData, options: TrainingOptions, key: RandomKey) -> Self {
    guard configuration.batchNorm == true else { return self }
    var model = self
    model.network = network.collectingMoments(of: data, key: key) { network, values, mode, keys in
      let epoch = Float(options.pretrainingEpochs + options.frozenEpochs)
      _ = boundObjective(network, batch: Batch(values), options: options, pass: Pass(mode: mode, keys: keys, epoch: epoch))
    }
    return model
  }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { score(batch, draws: 1, keys: keys)[.elbo] }
}

extension Tensor {
  /// Some entries of every row, as many of each, one behind the other.
  func entries(_ columns: [Int], perRow count: Int) -> Tensor {
    reshaped([self.count]).gather(columns.enumerated().map { $0.offset / count * shape[1] + $0.element })
  }
}

extension RowKeys {
  /// Every row's keys as often as it is drawn, one behind the other; those of the first draw are its own.
  fileprivate func repeated(_ draws: Int) -> RowKeys {
    guard draws > 1 else { return self }
    let others = split("draw")
    let all = [self] + (1..<draws).map { others.split($0) }
    return .joined((0..<count).flatMap { row in all.map { $0.slice(row..<row + 1) } })
  }
}
