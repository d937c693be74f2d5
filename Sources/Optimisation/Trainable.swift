package import Modelling
package import Tensors

/// Learns from items.
package protocol Trainable: ModelFamily {
  associatedtype TrainingOptions: Settings
  associatedtype OwnLearner: Learner where OwnLearner.Model == Self

  /// What it learns from beside complete rows of numbers; nothing where a family doesn't say.
  static var learnsFrom: LearningInputs { get }

  /// Refuses options that aren't valid, or that this configuration has no use for.
  func check(_ options: TrainingOptions) throws(Fault)

  /// Refuses items that can't be learnt from, such as numbers outside [0, 1] under a Bernoulli; items: [n, width] in model units, finite.
  func check(items: Tensor) throws(Fault)

  /// How this model, fresh as it is, learns.
  func learner(_ options: TrainingOptions, _ descent: Descent) -> OwnLearner
}

extension Trainable {
  package static var trainingFields: [SettingField] { TrainingOptions.table.fields }

  package static var learnsFrom: LearningInputs { [] }
  package func check(_ options: TrainingOptions) throws(Fault) { try options.validate() }
}

extension ModelFamily {
  /// The family as one that learns, nil where it doesn't: the cast is spelt here and nowhere else.
  package static var trainable: (any Trainable.Type)? { self as? any Trainable.Type }
}

/// What items can hold beside complete rows of numbers.
package struct LearningInputs: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Rows of mixed columns with missing numbers (NaN).
  package static let mixedTables = LearningInputs(rawValue: 1)
  /// Known classes of some items.
  package static let labels = LearningInputs(rawValue: 2)
  /// The class of every item: there is nothing to learn from one without.
  package static let everyLabel = LearningInputs(rawValue: 4)
}

/// A family that learns by the gradient of one loss of its one network, and is compared by a bound.
package protocol GradientTrainable: Trainable {
  associatedtype OwnLearner = GradientLearner<Self>

  /// The loss of one batch, differentiable in the parameters of `network`, which has the shape of this model's own.
  func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective

  /// The bound that validation compares checkpoints by, of as many draws as the objective takes, in nats an item: [n].
  func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor

  /// The model that a run ends with, from this one, the best.
  func finished(_ data: TrainingData, options: TrainingOptions, key: RandomKey) -> Self
}

extension GradientTrainable {
  package func finished(_ data: TrainingData, options: TrainingOptions, key: RandomKey) -> Self { self }
}

extension GradientTrainable where OwnLearner == GradientLearner<Self> {
  package func learner(_ options: TrainingOptions, _ descent: Descent) -> GradientLearner<Self> { GradientLearner(self, options, descent) }
}
