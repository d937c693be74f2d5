package import Modelling
package import Networks
package import Tensors

/// Learns by the gradient of a family's one loss; the model has a running average of the weights (Polyak and Juditsky 1992).
package struct AveragingLearner<Family: GradientTrainable>: Learner {
  private let family: Family
  private let options: Family.TrainingOptions
  private let descent: Descent
  private let decay: Float

  /// - Parameter decay: what a step keeps of the average; less in the first steps, so that the start is soon forgotten.
  package init(_ family: Family, _ options: Family.TrainingOptions, _ descent: Descent, decay: Float) {
    (self.family, self.options, self.descent, self.decay) = (family, options, descent, decay)
  }

  package var criterion: Criterion { .bound }

  package func start(_ data: TrainingData, key: RandomKey) -> AveragedPlayer<Family.Network> {
    AveragedPlayer(player: Player(family.network, descent), average: family.network)
  }

  package func step(_ state: inout AveragedPlayer<Family.Network>, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    let terms = try state.player.descend(pass) { network, mode in family.objective(network, batch: batch, options: options, pass: pass.in(mode)) }
    // As TensorFlow's: (1 + t) / (10 + t) until that is more.
    let kept = min(decay, Float(1 + pass.step) / Float(10 + pass.step))
    var weights = state.player.network.leaves.map(\.tensor)[...]
    state.average.visit { _, average in average = average * kept + weights.removeFirst() * (1 - kept) }
    return terms
  }

  package func validation(_ state: inout AveragedPlayer<Family.Network>, _ batch: Batch, _ pass: Pass) -> [Term] {
    [Term(criterion.term, meanOf: model(state).validationBound(batch.values, options: options, keys: pass.keys))]
  }

  package func model(_ state: AveragedPlayer<Family.Network>) -> Family {
    var model = family
    model.network = state.average
    return model
  }
}

/// A player beside the running average of its network, which is kept and not trained.
package struct AveragedPlayer<Network: Module>: Module {
  package var player: Player<Network>
  package var average: Network

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    player.visit(path.appendingName("player"), body)
    average.visit(path.appendingName("average")) { leaf, tensor in body(Leaf(path: leaf.path, isTrainable: false), &tensor) }
  }
}
