package import Modelling
package import Optimisation
package import Tensors

extension CharLSTM: Trainable {
  /// Nothing beside what every recipe has.
  package struct TrainingOptions: Settings {
    package init() {}
    package static let table = Table<Self> {}
  }

  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> TextLearner { TextLearner(model: self, descent: descent) }
}
