package import Networks
package import Tensors

/// How a model learns: a state, and a step that takes it on by one batch. The loop, checkpoints and records are the same for all learners.
///
/// The state is one tree of tensors: networks, moments of optimisers, memories of items, hidden states of streams. With the learner, the data and
/// the keys it decides everything that follows, so a run that was stopped and goes on from a checkpoint of the state ends in the same bytes.
package protocol Learner<State, Model>: Sendable {
  /// All that goes from one step to the next, and into a checkpoint.
  associatedtype State: Module
  associatedtype Model: ModelFamily

  /// Which term of `validation` says how good a state is.
  var criterion: Criterion { get }

  /// Epochs whose states are not compared with any, because they only prepare what is learnt after them; a run has to be longer.
  var epochsBeforeComparison: Int { get }

  /// The state before the first step. The paths and shapes of its tensors depend on the sizes of `data` alone: a checkpoint is read into it.
  func start(_ data: TrainingData, key: RandomKey) throws -> State

  /// Called before the first batch of an epoch, for what is done once an epoch, such as fitting a mixture to the codes of all items.
  ///
  /// - Parameter epoch: epochs finished; 0 before the first.
  func begin(epoch: Int, _ state: inout State, _ data: TrainingData, key: RandomKey) throws

  /// Learns from one batch; the terms are those of the objective before the step. Throws `Divergence` where a number is not finite any more.
  func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term]

  /// How good the state is for some of the items held out.
  ///
  /// - Parameter state: a copy that is dropped after the last batch held out, so a learner of streams may carry its hidden state in it.
  func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term]

  /// The model in this state; all that was learnt is in its network.
  func model(_ state: State) -> Model

  /// The model that a run ends with, from that of its best state: what is done once, after the last epoch.
  func finished(_ model: Model, _ data: TrainingData, key: RandomKey) -> Model
}

extension Learner {
  package var epochsBeforeComparison: Int { 0 }
  package func begin(epoch: Int, _ state: inout State, _ data: TrainingData, key: RandomKey) throws {}
  package func finished(_ model: Model, _ data: TrainingData, key: RandomKey) -> Model { model }
}

/// The term by which states are compared.
package struct Criterion: Sendable, Hashable {
  package let term: String
  package let isHigherBetter: Bool

  package init(_ term: String, isHigherBetter: Bool) { (self.term, self.isHigherBetter) = (term, isHigherBetter) }

  /// A lower bound of ln p(x), or of what else a family bounds, in nats an item.
  package static let bound = Criterion("bound_nats", isHigherBetter: true)

  /// What every value is preferred to.
  package var worst: Double { isHigherBetter ? -.infinity : .infinity }

  /// Whether one value is better than another.
  package func prefers(_ value: Double, to other: Double) -> Bool { isHigherBetter ? value > other : value < other }
}

/// A named number about a batch, such as a part of the objective: a mean.
package struct Term: Sendable, Hashable {
  package let name: String
  package let value: Double
  /// What the mean is over, such as the batch's characters; nil for its items.
  package let weight: Double?

  package init(_ name: String, _ value: some BinaryFloatingPoint, weight: Double? = nil) {
    (self.name, self.value, self.weight) = (name, Double(value), weight)
  }

  /// The mean of a tensor's numbers, summed in double.
  package init(_ name: String, meanOf values: Tensor) {
    self.init(name, values.scalars.reduce(0.0) { $0 + Double($1) } / Double(values.count))
  }
}

/// A loss or a gradient that is not finite: learning can't go on from it.
package struct Divergence: Error, Equatable {
  package init() {}
}
