internal import Distributions
package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// Trains a modular network, remembering of every item the composition that explained it best so far.
package struct ModularLearner: Learner {
  private let family: Modular
  private let options: Modular.TrainingOptions
  private let descent: Descent

  package init(_ family: Modular, _ options: Modular.TrainingOptions, _ descent: Descent) {
    (self.family, self.options, self.descent) = (family, options, descent)
  }

  package struct State: Module {
    package var player: Player<Modular.Network>
    /// a*_n: the module of every layer and slot, a row an item by its number: [items, layers · slots].
    package var assignments: Tensor
    /// Of REINFORCE: a running mean of ln p(y|x, a), which rewards are compared with.
    package var meanReward: Tensor

    package static let fields: [Field<Self>] = [
      .child("player", \.player), .buffer("assignments", \.assignments), .buffer("mean_reward", \.meanReward),
    ]
  }

  package var criterion: Criterion { Criterion("accuracy", isHigherBetter: true) }

  /// Every assignment is drawn uniformly; it hangs on the item's number alone.
  package func start(_ data: TrainingData, key: RandomKey) -> State {
    let counts = family.configuration.modules.flatMap { [Int](repeating: $0, count: slots) }
    let draws = key.split("assignments").uniform([data.count, counts.count])
    let assignments = Tensor(shape: draws.shape) { a in
      draws.withScalars { u in
        for index in 0..<draws.count {
          let modules = Float(counts[index % counts.count])
          a[index] = min((u[index] * modules).rounded(.down), modules - 1)
        }
      }
    }
    return State(player: Player(family.network, descent), assignments: assignments, meanReward: Tensor([0]))
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    if options.method == .em, pass.step % options.expectationEvery == 0 { expect(&state, batch, keys: pass.keys.split("candidates")) }
    let (x, classes) = (batch.values, batch.labels.classes)
    let (remembered, meanReward) = (assignments(of: batch.items, in: state), state.meanReward.scalars[0])
    let terms = try state.player.descend(pass) { network, _ in
      let first = network.layers[0].prospect(x)
      let objective =
        switch options.method {
        case .em: maximisation(family.passage(network, from: first) { layer, _ in .init(modules: remembered[layer]) }, classes)
        case .reinforce:
          reinforcement(
            family.passage(network, from: first) { layer, prospect in
              .init(modules: prospect.selection.sampleIndices(pass.keys.split("selection").split(layer)))
            }, classes, meanReward: pass.step == 0 ? nil : meanReward)
        case .noisyTopK: gated(noisyPassage(network, from: first, pass.keys.split("gates")), classes)
        }
      return Objective(loss: objective.loss, terms: objective.terms + described(family.likeliestPassage(network, from: first.detached), classes))
    }
    if options.method == .reinforce {
      let reward = Float(terms[0].value)
      state.meanReward = Tensor([pass.step == 0 ? reward : Self.rewardDecay * meanReward + (1 - Self.rewardDecay) * reward])
    }
    return terms
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    let (network, classes) = (state.player.network, batch.labels.classes)
    let passage = family.likeliestPassage(network, from: network.layers[0].prospect(batch.values))
    return [Term("log_likelihood_nats", meanOf: passage.logLikelihood(of: classes))] + described(passage, classes)
  }

  package func model(_ state: State) -> Modular {
    var model = family
    model.network = state.player.network
    return model
  }

  /// Of the running mean of rewards.
  private static let rewardDecay: Float = 0.99

  private var slots: Int { family.configuration.slots }

  /// Of the classifier as it answers: its accuracy, how sure it is of its modules, and how evenly it uses them.
  private func described(_ passage: Modular.Passage, _ classes: [Int]) -> [Term] {
    let right = zip(passage.logits.argmaxRows(), classes).count { $0 == $1 }
    let entropy = SelectionEntropy(of: passage)
    return [
      Term("accuracy", Double(right) / Double(classes.count)), Term("selection_entropy_nats", entropy.ofItems),
      Term("batch_entropy_nats", entropy.ofMean),
    ]
  }
}

// MARK: - Hard expectation maximisation (Kirsch et al. 2018, algorithm 1)

extension ModularLearner {
  /// The remembered modules of some items, layer by layer, item after item and slot after slot.
  package func assignments(of items: [Int], in state: State) -> [[Int]] {
    let rows = state.assignments.gather(items)
    return family.configuration.modules.indices.map { layer in
      rows.slice(1, layer * slots..<(layer + 1) * slots).scalars.map { Int($0) }
    }
  }

  /// The partial E-step: a*_n <- argmax of ln p(y_n|x_n, a) + ln p(a|x_n) over {a*_n} and S - 1 draws of p(a|x_n), a*_n where none is better.
  ///
  /// - Returns: the largest score of every item, which at the same parameters never falls.
  @discardableResult
  package func expect(_ state: inout State, _ batch: Batch, keys: RowKeys) -> [Float] {
    let (network, n, samples) = (state.player.network, batch.items.count, options.samples)
    // Row s · n + i is candidate s of item i; candidate 0 is the remembered one. The first layer sees an item once for all candidates.
    let first = network.layers[0].prospect(batch.values).gather((0..<samples * n).map { $0 % n })
    let candidates = RowKeys.joined((1..<samples).map { keys.split($0) })
    let remembered = assignments(of: batch.items, in: state)
    let passage = family.passage(network, from: first) { layer, prospect in
      let drawn = Categorical(logits: prospect.logits.slice(0, n..<samples * n)).sampleIndices(candidates.split(layer))
      return .init(modules: remembered[layer] + drawn)
    }
    let classes = (0..<samples).flatMap { _ in batch.labels.classes }
    let scores = (passage.logLikelihood(of: classes) + passage.logSelection).reshaped([samples, n]).transposed()
    let best = scores.argmaxRows()
    let places = state.assignments.shape[1]
    state.assignments.update { a in
      for (row, item) in batch.items.enumerated() {
        for (layer, step) in passage.layers.enumerated() {
          let chosen = (best[row] * n + row) * slots
          for slot in 0..<slots { a[item * places + layer * slots + slot] = Float(step.choice.modules[chosen + slot]) }
        }
      }
    }
    return scores.max(axis: 1).scalars
  }

  /// The M-step's loss: -mean ln p(y|x, a*) - mean ln p(a*|x).
  private func maximisation(_ passage: Modular.Passage, _ classes: [Int]) -> Objective {
    let (likelihood, selection) = (passage.logLikelihood(of: classes).mean(), passage.logSelection.mean())
    return Objective(
      loss: -likelihood - selection,
      terms: [Term("log_likelihood_nats", likelihood.scalar), Term("log_selection_nats", selection.scalar)])
  }
}

// MARK: - The methods that fail

extension ModularLearner {
  /// -mean ln p(y|x, a) - mean (ln p(y|x, a) - b) ∇ ln p(a|x) at draws a of p(a|x) (Williams 1992), b a running mean, or the batch's own.
  private func reinforcement(_ passage: Modular.Passage, _ classes: [Int], meanReward: Float?) -> Objective {
    let (likelihood, selection) = (passage.logLikelihood(of: classes), passage.logSelection)
    let reward = likelihood.detached
    let advantage = reward - (meanReward ?? reward.mean().scalar)
    return Objective(
      loss: -likelihood.mean() - (advantage * selection).mean(),
      terms: [Term("log_likelihood_nats", meanOf: reward), Term("log_selection_nats", selection.mean().scalar)])
  }

  /// H(x)_m = (W x)_m + ε softplus((V x)_m) with ε ~ N(0, 1), of which the top k are kept (Shazeer et al. 2017, equations 4 and 5).
  private func noisyPassage(_ network: Modular.Network, from first: ModularLayer.Prospect, _ keys: RowKeys) -> Modular.Passage {
    family.passage(network, from: first) { layer, prospect in
      let noise = prospect.deviation.map { (keys.split(layer).normal(prospect.moduleCount) * $0).reshaped(prospect.logits.shape) }
      return prospect.topK(slots, of: noise.map { prospect.logits + $0 } ?? prospect.logits)
    }
  }

  /// -mean ln p(y|x) + w Σ_layers CV(Σ_n G(x_n))², the importance loss of Shazeer et al. 2017, equation 7.
  private func gated(_ passage: Modular.Passage, _ classes: [Int]) -> Objective {
    let likelihood = passage.logLikelihood(of: classes).mean()
    // An item's gates sum to 1, so the modules' mean importance is items / modules.
    let variations = passage.layers.compactMap { layer in
      layer.choice.gates.map { ($0.columnSums() * (Float($0.shape[1]) / Float($0.shape[0])) - 1).squared().mean() }
    }
    let variation = variations.dropFirst().reduce(variations[0], +)
    return Objective(
      loss: -likelihood + options.balance * variation,
      terms: [Term("log_likelihood_nats", likelihood.scalar), Term("squared_variation", variation.scalar)])
  }
}

extension Modular.Passage {
  /// ln p(y|x, a): [items].
  package func logLikelihood(of classes: [Int]) -> Tensor { Categorical(logits: logits).logProbability(ofIndices: classes) }
}
