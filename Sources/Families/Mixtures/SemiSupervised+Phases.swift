internal import Distributions
internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

// What phases learn from.
extension SemiSupervised: PhaseTrainable {
  func start(_ options: TrainingOptions, _ descent: Descent) -> LearningState {
    let mixture = options.phases.first { $0.kind == .mixture }
    return LearningState(
      Player(network, descent), codes: mixture.map { _ in CodeMixture(components: componentCount, dimensions: configuration.latent) },
      best: mixture?.restarts ?? 1 > 1 ? Recogniser(network) : nil)
  }

  /// What is likely of the weights says nothing of the items.
  func judging(_ options: TrainingOptions) -> TrainingOptions {
    var options = options
    options.weightPrior = 0
    return options
  }

  func objective(
    _ phase: ClassPhase, _ network: Network, _ codes: CodeMixture?, _ batch: Batch, _ options: TrainingOptions, _ pass: Pass
  ) -> Objective {
    switch phase.kind {
    case .vae: return pretrainingObjective(network, batch: batch.values, options: options, pass: pass)
    case .distil:
      guard let codes else { break }
      return distillation(network, codes.mixture, batch, options, pass)
    case .consistency:
      let r = inconsistency(network.recogniserAlone, batch, options, pass)
      return Objective(loss: r.loss, terms: r.terms)
    case .joint: return jointObjective(network, batch, weight: phase.weight, options, pass)
    case .mixture: break
    }
    preconditionFailure("a phase of kind \(phase.kind.rawValue) can't learn here")
  }
}

extension SemiSupervised.Network {
  /// The same network in which q(y|x) alone has a history.
  var recogniserAlone: Self {
    var network = mapping { $1.detached }
    (network.classifier, network.classifierOutput) = (classifier, classifierOutput)
    return network
  }
}

// MARK: - What q(y|x) learns from

extension SemiSupervised {
  /// -½ Σ_y r_y (ln q(y|x) + ln q(y|Tx)), r being the mixture's responsibilities for the mean of the code, or the label where it is known.
  func distillation(_ network: Network, _ codes: GaussianMixture, _ batch: Batch, _ options: TrainingOptions, _ pass: Pass) -> Objective {
    let network = network.recogniserAlone
    let recognition = recognition(network, batch.values, pass.keys, pass.mode)
    let q = posterior(network, recognition, firstClass(batch.values.shape[0]), pass.mode)
    var targets = codes.responsibilities(of: q.mean).scalars
    let labels = batch.labels.classes
    let unlabelled = batch.values.shape[0] - labels.count
    for (row, label) in labels.enumerated() {
      for component in 0..<componentCount { targets[(unlabelled + row) * componentCount + component] = component == label ? 1 : 0 }
    }
    let r = Tensor(shape: recognition.logits.shape, scalars: targets)
    let mapped = mappedLogits(network, batch.values, options, pass) ?? recognition.logits
    let loss = -0.5 * (r.rowDots(recognition.logits.logSoftmax()) + r.rowDots(mapped.logSoftmax())).mean()
    return Objective(loss: loss, terms: [Term("distillation_nats", loss.scalar)])
  }

  /// -U - L of the bound, and R.
  func jointObjective(_ network: Network, _ batch: Batch, weight: Float, _ options: TrainingOptions, _ pass: Pass) -> Objective {
    let (bound, logits) = boundObjective(network, batch: batch, options: options, pass: pass)
    guard weight > 0 else { return bound }
    let r = inconsistency(network, batch, options, pass, logits: logits)
    return Objective(loss: bound.loss + weight * r.loss, terms: bound.terms + r.terms)
  }

  /// R of the items without a label, and of those with one half of -ln q(y|x) - ln q(y|Tx).
  ///
  /// - Parameter logits: of q(y|x), where they are known already.
  func inconsistency(
    _ network: Network, _ batch: Batch, _ options: TrainingOptions, _ pass: Pass, logits known: Tensor? = nil
  ) -> ClassConsistency.Value {
    let logits = known ?? recognition(network, batch.values, pass.keys, pass.mode).logits
    let mapped = mappedLogits(network, batch.values, options, pass) ?? logits
    let (labels, rows) = (batch.labels.classes, batch.values.shape[0])
    let unlabelled = rows - labels.count
    var (loss, terms): (Tensor?, [Term]) = (nil, [])
    if unlabelled > 0 {
      let r = options.consistency(
        logits.slice(0, 0..<unlabelled), mapped: mapped.slice(0, 0..<unlabelled), logPrior: Tensor(logPrior))
      (loss, terms) = (r.loss, r.terms)
    }
    if !labels.isEmpty {
      func error(_ logits: Tensor) -> Tensor { crossEntropy(logits.slice(0, unlabelled..<rows), labels).mean() }
      let labelled = 0.5 * (error(logits) + error(mapped))
      loss = loss.map { $0 + labelled } ?? labelled
      terms.append(Term("mapped_classification_nats", labelled.scalar))
    }
    guard let loss else { preconditionFailure("an empty batch") }
    return ClassConsistency.Value(loss: loss, terms: terms)
  }

  /// Of items as they are; under the same keys as the bound's.
  private func recognition(_ network: Network, _ values: Tensor, _ keys: RowKeys, _ mode: Mode) -> Recognition {
    recognise(network, configuration.observation.observed(values, keys: keys.split("binarise")), grey: values, keys: keys, mode)
  }

  /// ln q(y|Tx), unnormalised; nil where nothing changes items.
  private func mappedLogits(_ network: Network, _ values: Tensor, _ options: TrainingOptions, _ pass: Pass) -> Tensor? {
    guard options.augmentation != nil || options.perturbation != nil else { return nil }
    let (keys, still) = (pass.keys.split("map"), network.mapping { $1.detached })
    let changed = values.changed(by: options.augmentation, options.perturbation, in: signature.space, keys: keys) {
      [recognition(still, $0, keys, pass.mode).logits]
    }
    // What running averages are of are items as they are.
    return recognition(network, changed, keys, pass.mode.untraced).logits
  }
}
