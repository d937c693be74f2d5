package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// A family whose codes may be categorical, and whose gradient may then need a baseline that no model keeps.
package protocol CategoricallyTrainable: GradientTrainable {
  associatedtype OwnLearner = BaselineLearner<Self>

  /// The baseline of a run with such options; nil where there is none.
  func baseline(_ options: TrainingOptions, key: RandomKey) -> SignalBaseline?

  /// The objective with a baseline that learns by it.
  func objective(_ network: Network, baseline: SignalBaseline?, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective
}

extension CategoricallyTrainable {
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    objective(network, baseline: nil, batch: batch, options: options, pass: pass)
  }
}

extension CategoricallyTrainable where OwnLearner == BaselineLearner<Self> {
  package func learner(_ options: TrainingOptions, _ descent: Descent) -> BaselineLearner<Self> { BaselineLearner(self, options, descent) }
}

/// A network with the baseline that is learnt beside it; without one the tree is the network's own.
package struct Baselined<Network: Module>: Module {
  package var network: Network
  package var baseline: SignalBaseline?

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    network.visit(path, body)
    baseline.visit(path.appendingName("baseline"), body)
  }
}

/// Learns by the gradient of a family's one loss, and a baseline of the gradient's signal with it.
package struct BaselineLearner<Family: CategoricallyTrainable>: Learner {
  private let family: Family
  private let options: Family.TrainingOptions
  private let descent: Descent

  package init(_ family: Family, _ options: Family.TrainingOptions, _ descent: Descent) {
    (self.family, self.options, self.descent) = (family, options, descent)
  }

  package var criterion: Criterion { .bound }

  package func start(_ data: TrainingData, key: RandomKey) -> Player<Baselined<Family.Network>> {
    Player(Baselined(network: family.network, baseline: family.baseline(options, key: key.split("baseline"))), descent)
  }

  package func step(_ state: inout Player<Baselined<Family.Network>>, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    try state.descend(pass) { learning, mode in
      family.objective(learning.network, baseline: learning.baseline, batch: batch, options: options, pass: pass.in(mode))
    }
  }

  package func validation(_ state: inout Player<Baselined<Family.Network>>, _ batch: Batch, _ pass: Pass) -> [Term] {
    [Term(criterion.term, meanOf: model(state).validationBound(batch.values, options: options, keys: pass.keys))]
  }

  package func model(_ state: Player<Baselined<Family.Network>>) -> Family {
    var model = family
    model.network = state.network.network
    return model
  }

  package func finished(_ model: Family, _ data: TrainingData, key: RandomKey) -> Family { model.finished(data, options: options, key: key) }
}
