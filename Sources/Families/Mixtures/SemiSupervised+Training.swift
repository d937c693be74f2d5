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
      throw Fault(field: "pretraining_epochs", given: "\(options.pretrainingEpochs)", expected: "0: m2 has no components to fit")
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  /// -(mean U + mean L + α N / N_l mean ln q(y|x)) + λ / N Σ W² / 2, the first mean over the items without a label, the others over those with one.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    if pass.epoch < Float(options.pretrainingEpochs) { return pretrainingObjective(network, batch: batch.values, options: options, pass: pass) }
    return boundObjective(network, batch: batch, options: options, pass: pass).objective
  }

  /// The objective, and the logits of q(y|x) that it is made with.
  func boundObjective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> (objective: Objective, logits: Tensor) {
    // Just after the components were fitted only q(y|x) learns: all else would move to meet it before it can tell them apart.
    let isFrozen = options.pretrainingEpochs > 0 && pass.epoch < Float(options.pretrainingEpochs + options.frozenEpochs)
    let fixed = isFrozen ? network.mapping { $1.detached } : network
    var seeing = fixed
    (seeing.classifier, seeing.classifierOutput) = (network.classifier, network.classifierOutput)
    let (labels, observation) = (batch.labels.classes, configuration.observation)
    let unlabelled = batch.values.shape[0] - labels.count
    let x = observation.observed(batch.values, keys: pass.keys.split("binarise"))
    let recognition = recognise(seeing, x, grey: batch.values, keys: pass.keys, pass.mode)
    let weighed = unlabelled == 0 || isFrozen ? componentCount : options.enumeration ?? componentCount
    let chosen = weighed < componentCount ? likeliest(weighed, of: recognition.logits, rows: unlabelled) : nil
    let pairs =
      chosen.map { ClassPairs(unlabelled: unlabelled, chosen: $0, labels: labels) }
      ?? ClassPairs(unlabelled: unlabelled, labels: labels, components: componentCount)
    let terms = terms(fixed, x, recognition, pairs, keys: pass.keys, pass.mode)
    let weight = weight(options, pass)
    let offset = observation.isDensity ? signature.space.logVolume : 0

    let enumerated = unlabelled * weighed
    var (loss, report): (Tensor?, [Term]) = (nil, [])
    if unlabelled > 0 {
      func table(_ values: Tensor) -> Tensor { values.slice(0, 0..<enumerated).reshaped([unlabelled, weighed]) }
      let logits = recognition.logits.slice(0, 0..<unlabelled)
      let u = marginal(
        logits: chosen.map { table(logits.entries($0, perRow: weighed)) } ?? logits, logLikelihood: table(terms.logLikelihood),
        divergence: table(terms.divergence), logPrior: chosen.map { table(Tensor($0.map { logPrior[$0] })) }, weight: weight)
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
      let logPrior = Tensor(labels.map { self.logPrior[$0] })
      let bound = terms.logLikelihood.slice(0, rows) - (terms.divergence.slice(0, rows) - logPrior) * weight
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
    return (Objective(loss: loss, terms: report), recognition.logits)
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

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { score(batch, draws: 1, keys: keys)[.elbo] }
}

extension Tensor {
  /// Some entries of every row, as many of each, one behind the other.
  fileprivate func entries(_ columns: [Int], perRow count: Int) -> Tensor {
    reshaped([self.count]).gather(columns.enumerated().map { $0.offset / count * shape[1] + $0.element })
  }
}
