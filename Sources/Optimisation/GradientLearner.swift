package import Modelling
package import Tensors

/// Learns by the gradient of a family's one loss.
package struct GradientLearner<Family: GradientTrainable>: Learner {
  private let family: Family
  private let options: Family.TrainingOptions
  private let descent: Descent

  package init(_ family: Family, _ options: Family.TrainingOptions, _ descent: Descent) {
    (self.family, self.options, self.descent) = (family, options, descent)
  }

  package var criterion: Criterion { .bound }

  package func start(_ data: TrainingData, key: RandomKey) -> Player<Family.Network> { Player(family.network, descent) }

  package func step(_ state: inout Player<Family.Network>, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    try state.descend(pass) { network, mode in family.objective(network, batch: batch, options: options, pass: pass.in(mode)) }
  }

  package func validation(_ state: inout Player<Family.Network>, _ batch: Batch, _ pass: Pass) -> [Term] {
    [Term(criterion.term, meanOf: model(state).validationBound(batch.values, options: options, keys: pass.keys))]
  }

  package func model(_ state: Player<Family.Network>) -> Family {
    var model = family
    model.network = state.network
    return model
  }

  package func finished(_ model: Family, _ data: TrainingData, key: RandomKey) -> Family {
    model.finished(data, options: options, key: key)
  }
}
