package import Modelling
package import Networks
package import Tensors

/// A learner whose state is a part of a larger one, which it shares with others.
package struct PartLearner<Base: Learner, State: Module>: Learner {
  private let base: Base
  private let part: any WritableKeyPath<State, Base.State> & Sendable
  private let whole: @Sendable (Base.State) -> State

  fileprivate init(_ base: Base, _ part: any WritableKeyPath<State, Base.State> & Sendable, _ whole: @escaping @Sendable (Base.State) -> State) {
    (self.base, self.part, self.whole) = (base, part, whole)
  }

  package var criterion: Criterion { base.criterion }
  package var epochsBeforeComparison: Int { base.epochsBeforeComparison }
  package func start(_ data: TrainingData, key: RandomKey) throws -> State { whole(try base.start(data, key: key)) }

  package func begin(epoch: Int, _ state: inout State, _ data: TrainingData, key: RandomKey) throws {
    try base.begin(epoch: epoch, &state[keyPath: part], data, key: key)
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] { try base.step(&state[keyPath: part], batch, pass) }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    try base.validation(&state[keyPath: part], batch, pass)
  }

  package func model(_ state: State) -> Base.Model { base.model(state[keyPath: part]) }
  package func finished(_ model: Base.Model, _ data: TrainingData, key: RandomKey) -> Base.Model { base.finished(model, data, key: key) }
}

extension Learner {
  /// - Parameter whole: the larger state with this learner's own at its start.
  package func learning<Whole: Module>(
    _ part: any WritableKeyPath<Whole, State> & Sendable, of whole: @escaping @Sendable (State) -> Whole
  ) -> PartLearner<Self, Whole> { PartLearner(self, part, whole) }
}
