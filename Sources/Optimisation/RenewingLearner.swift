package import Modelling
package import Tensors

/// A learner that sets some of its state anew before an epoch, such as a mixture that is fitted to the codes of all items.
package struct RenewingLearner<Base: Learner>: Learner {
  package typealias Renewal = @Sendable (_ state: inout Base.State, _ epoch: Int, TrainingData, RandomKey) throws -> Void

  private let base: Base
  private let renew: Renewal

  fileprivate init(_ base: Base, _ renew: @escaping Renewal) { (self.base, self.renew) = (base, renew) }

  package var criterion: Criterion { base.criterion }
  package var epochsBeforeComparison: Int { base.epochsBeforeComparison }
  package func start(_ data: TrainingData, key: RandomKey) throws -> Base.State { try base.start(data, key: key) }

  package func begin(epoch: Int, _ state: inout Base.State, _ data: TrainingData, key: RandomKey) throws {
    try base.begin(epoch: epoch, &state, data, key: key)
    try renew(&state, epoch, data, key)
  }

  package func step(_ state: inout Base.State, _ batch: Batch, _ pass: Pass) throws -> [Term] { try base.step(&state, batch, pass) }
  package func validation(_ state: inout Base.State, _ batch: Batch, _ pass: Pass) throws -> [Term] { try base.validation(&state, batch, pass) }
  package func model(_ state: Base.State) -> Base.Model { base.model(state) }
  package func finished(_ model: Base.Model, _ data: TrainingData, key: RandomKey) -> Base.Model { base.finished(model, data, key: key) }
}

extension Learner {
  /// - Parameter renew: is given the epochs finished, 0 before the first, and a key of its own in every epoch.
  package func renewing(_ renew: @escaping RenewingLearner<Self>.Renewal) -> RenewingLearner<Self> { RenewingLearner(self, renew) }
}
