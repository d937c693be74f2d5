package import Modelling
package import Networks
package import Tensors

/// Learns in phases, each by a learner of its own over the same state, with steps between them that set the state anew.
///
/// A learner counts epochs from the beginning of its phase. States are compared, and the best one is kept, in the last phase alone, which lasts as long
/// as the run.
package struct PhasedLearner<State: Module, Model: ModelFamily>: Learner {
  package typealias Change = @Sendable (_ state: inout State, TrainingData, RandomKey) throws -> Void

  package enum Phase: Sendable {
    /// Epochs of learning.
    case learning(epochs: Int, any Learner<State, Model>)
    /// Done once, before the first epoch of the phase that follows.
    case change(Change)
  }

  private struct Stretch {
    let start: Int
    let changes: [Change]
    let learner: any Learner<State, Model>
  }
  private let stretches: [Stretch]

  /// - Parameter phases: the last one is of learning; its epochs are those that are left.
  package init(_ phases: [Phase]) {
    var (stretches, changes, start) = ([Stretch](), [Change](), 0)
    for phase in phases {
      switch phase {
      case .learning(let epochs, let learner):
        stretches.append(Stretch(start: start, changes: changes, learner: learner))
        (changes, start) = ([], start + epochs)
      case .change(let change): changes.append(change)
      }
    }
    precondition(!stretches.isEmpty && changes.isEmpty, "the last phase is one of learning")
    self.stretches = stretches
  }

  private var last: Stretch { stretches[stretches.count - 1] }

  /// The phase of the epoch after so many.
  private func stretch(after epochs: Int) -> Stretch { stretches.last { $0.start <= epochs } ?? last }

  package var criterion: Criterion { last.learner.criterion }
  package var epochsBeforeComparison: Int { last.start }

  package func start(_ data: TrainingData, key: RandomKey) throws -> State { try stretches[0].learner.start(data, key: key) }

  package func begin(epoch: Int, _ state: inout State, _ data: TrainingData, key: RandomKey) throws {
    let stretch = stretch(after: epoch)
    if epoch == stretch.start {
      for (place, change) in stretch.changes.enumerated() { try change(&state, data, key.split("change").split(place)) }
    }
    try stretch.learner.begin(epoch: epoch - stretch.start, &state, data, key: key)
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    let stretch = stretch(after: Int(pass.epoch))
    return try stretch.learner.step(&state, batch, pass.after(epochs: stretch.start))
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    // The epoch that was validated is the one before those finished.
    let stretch = stretch(after: Int(pass.epoch) - 1)
    return try stretch.learner.validation(&state, batch, pass.after(epochs: stretch.start))
  }

  package func model(_ state: State) -> Model { last.learner.model(state) }
  package func finished(_ model: Model, _ data: TrainingData, key: RandomKey) -> Model { last.learner.finished(model, data, key: key) }
}
