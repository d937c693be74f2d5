internal import Distributions
internal import Foundation
internal import Modelling
package import Networks
package import Optimisation
package import Tensors

// Phases of learning, as those of the mixtures (`ClassPhase`): that a map of an item leaves its cluster alone is learnt by the encoder and kept in the loss.
extension VLAC: PhaseTrainable {
  /// All that goes from one step to the next.
  package struct LearningState: PhaseState {
    package var player: Player<LadderNetwork>
    /// Where several mixtures are tried: the network that each begins with, and the most consistent outcome so far.
    var trials: Trials?

    var codes: CodeMixture? { nil }

    init(_ player: Player<LadderNetwork>, trials: Trials? = nil) { (self.player, self.trials) = (player, trials) }

    /// The network and its optimiser stand where they do without phases.
    package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      player.visit(path, body)
      trials.visit(path.appendingName("trials"), body)
    }
  }

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> OwnLearner {
    guard !options.phases.isEmpty else {
      let bound = GradientLearner(self, options, descent).renewing { player, epoch, data, key in
        if let fitted = fitted(player.network, before: epoch, options: options, key: key, items: data) { player.network = fitted }
      }
      return PhasedLearner([.learning(epochs: 1, bound.learning(\.player) { LearningState($0) })])
    }
    let changes = PhaseChanges<LearningState, VLAC>(
      fit: { state, data, key in
        let start = state.trials?.beginning(with: state.player.network) ?? state.player.network
        state.player.network = fitted(start, options: options, key: key, items: data)
      },
      keepBest: { state, data, _ in state.trials?.keep(state.player.network, inconsistency(state.player.network, options, data)) },
      takeBest: { state, _, _ in if let best = state.trials?.best { state.player.network = best } },
      refit: { state, data, key in state.player.network = refitted(state.player.network, options: options, key: key, items: data) })
    var isFirst = true
    return PhasedLearner(
      ClassPhase.sequence(options.phases, changes) { phase in
        // Layers are switched on once.
        var own = options
        if !isFirst { own.ladder.schedule = LadderSchedule() }
        isFirst = false
        return ClassPhaseLearner(family: self, phase: phase, options: own, descent: descent)
      })
  }

  func start(_ options: TrainingOptions, _ descent: Descent) -> LearningState {
    let tries = options.phases.contains { $0.restarts ?? 1 > 1 }
    return LearningState(Player(network, descent), trials: tries ? Trials(network) : nil)
  }

  /// Items as they are.
  func judging(_ options: TrainingOptions) -> TrainingOptions {
    var options = options
    options.ladder.denoising = nil
    return options
  }

  func objective(
    _ phase: ClassPhase, _ network: LadderNetwork, _ codes: CodeMixture?, _ batch: Batch, _ options: TrainingOptions, _ pass: Pass
  ) -> Objective {
    switch phase.kind {
    case .vae:
      return ladderObjective(network, batch: batch.values, priors: network.priors.map { _ in .normal }, options.ladder, pass).objective
    case .consistency:
      let r = inconsistency(network.readersAlone(of: layers(options)), batch.values, options, pass)
      return Objective(loss: r.loss, terms: r.terms)
    case .joint:
      let (bound, q) = ladderObjective(
        network, batch: batch.values, priors: network.priors.map { .mixture($0.mixture) }, options.ladder, pass)
      guard phase.weight > 0 else { return bound }
      let r = inconsistency(network, batch.values, options, pass, posteriors: q)
      return Objective(loss: bound.loss + phase.weight * r.loss, terms: bound.terms + r.terms)
    case .mixture, .distil: preconditionFailure("a phase of kind \(phase.kind.rawValue) can't learn here")
    }
  }

  /// The layers whose clusters are to be the same under maps.
  private func layers(_ options: TrainingOptions) -> [Int] { options.consistentLayers ?? [componentCounts.count - 1] }

  /// R of every such layer, at the means of its codes.
  func inconsistency(
    _ network: LadderNetwork, _ values: Tensor, _ options: TrainingOptions, _ pass: Pass, posteriors known: [Normal]? = nil
  ) -> ClassConsistency.Value {
    func posteriors(_ network: LadderNetwork, _ values: Tensor, _ keys: RowKeys) -> [Normal] {
      self.posteriors(network, ladder.observation.observed(values, keys: keys.split("binarise")), pass.mode)
    }
    let own = known ?? posteriors(network, values, pass.keys)
    var mapped = own
    if options.augmentation != nil || options.perturbation != nil {
      let (keys, still) = (pass.keys.split("map"), network.mapping { $1.detached })
      let changed = values.changed(by: options.augmentation, options.perturbation, in: signature.space, keys: keys) { items in
        let q = posteriors(still, items, keys)
        return layers(options).map { still.priors[$0].mixture.logJoint(of: q[$0].mean) }
      }
      mapped = posteriors(network, changed, keys)
    }
    let parts = layers(options).map { layer in
      let (mixture, components) = (network.priors[layer].mixture, componentCounts[layer])
      // Even over the components, whatever weights are learned of them: p(y) would follow the items otherwise.
      let r = options.consistency(
        mixture.logJoint(of: own[layer].mean), mapped: mixture.logJoint(of: mapped[layer].mean),
        logPrior: .full([components], -log(Float(components))))
      return (loss: r.loss, terms: r.terms.map { Term("layer_\(layer)_\($0.name)", $0.value) })
    }
    return ClassConsistency.Value(loss: parts.dropFirst().reduce(parts[0].loss) { $0 + $1.loss }, terms: parts.flatMap(\.terms))
  }

  /// R over items held out, or over those to learn from where there are none, under the same maps whatever was tried.
  private func inconsistency(_ network: LadderNetwork, _ options: TrainingOptions, _ data: TrainingData) -> Double {
    let places = Array((data.heldOut.isEmpty ? 0..<data.count : data.heldOut).prefix(options.fitItems))
    let (block, key) = (500, RandomKey(seed: 0).split("restarts"))
    return stride(from: 0, to: places.count, by: block).reduce(0.0) { sum, start in
      let rows = start..<min(start + block, places.count)
      let pass = Pass(key: key, keys: RowKeys(key, rows: rows), epoch: 0)
      return sum + Double(inconsistency(network, data[Array(places[rows])], options, pass).loss.scalar) * Double(rows.count)
    } / Double(places.count)
  }
}

extension VLAC {
  /// Networks that stand beside the one that learns.
  struct Trials: Module {
    private var isBegun: Tensor
    private var start: LadderNetwork
    private(set) var best: LadderNetwork
    private var inconsistency: Tensor

    init(_ network: LadderNetwork) {
      (isBegun, start, best, inconsistency) = (Tensor([0]), network, network, Tensor([.greatestFiniteMagnitude]))
    }

    /// What every trial begins with: the network of the first.
    mutating func beginning(with network: LadderNetwork) -> LadderNetwork {
      if isBegun.scalar == 0 { (isBegun, start) = (Tensor([1]), network) }
      return start
    }

    mutating func keep(_ network: LadderNetwork, _ inconsistency: Double) {
      guard Float(inconsistency) < self.inconsistency.scalar else { return }
      (best, self.inconsistency) = (network, Tensor([Float(inconsistency)]))
    }

    /// Nothing of it is trained.
    mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      func keep(_ leaf: Leaf, _ tensor: inout Tensor) { body(Leaf(path: leaf.path, isTrainable: false), &tensor) }
      start.visit(path.appendingName("start"), keep)
      best.visit(path.appendingName("best"), keep)
      body(Leaf(path: path.appendingName("is_begun"), isTrainable: false), &isBegun)
      body(Leaf(path: path.appendingName("inconsistency"), isTrainable: false), &inconsistency)
    }
  }
}

extension LadderNetwork {
  /// The same network in which what reads some layers' codes alone has a history.
  fileprivate func readersAlone(of layers: [Int]) -> LadderNetwork {
    var network = mapping { $1.detached }
    for layer in 0...(layers.max() ?? 0) { network.levels[layer].encoder = levels[layer].encoder }
    for layer in layers {
      (network.levels[layer].rung, network.levels[layer].mean) = (levels[layer].rung, levels[layer].mean)
    }
    return network
  }
}
