internal import Formats
package import Modelling
package import Optimisation
package import Tensors

extension Mixture: Trainable {
  package struct TrainingOptions: Settings {
    /// Starts that are followed side by side; the one of greatest posterior is the model.
    package var restarts: Int
    /// κ; by the kind where nil.
    package var shrinkage: Double?

    package init() { self.init(restarts: 3) }

    package init(restarts: Int = 3, shrinkage: Double? = nil) { (self.restarts, self.shrinkage) = (restarts, shrinkage) }

    package static let table = Table<Self> {
      Setting("restarts", \.restarts, in: 1...64, "Starts that are followed side by side; the one of greatest posterior is the model.")
      Setting(
        "shrinkage", \.shrinkage, in: 0..., writesNull: true,
        "Rows' worth of uncorrelated columns that covariances are drawn towards, of loadings their weight; absent: 3 of one component, else 1, "
          + "10 of normal_scores.")
    }

    func shrinkage(_ configuration: Configuration) -> Double {
      shrinkage ?? (configuration.kind == .normalScores ? 10 : configuration.components == 1 && configuration.kind == .gaussian ? 3 : 1)
    }
  }

  package static let learnsFrom: LearningInputs = .mixedTables

  /// Passes of expectation maximisation over all rows; batches as large as memory likes, for only the end of a pass changes parameters.
  package static func settings(forRows rows: Int) -> TableSettings {
    TableSettings(configuration: ["components": .integer(rows < 100 ? 2 : 4)], epochs: 30, batchSize: 1024, validation: 0)
  }

  /// Any numbers, missing ones among them, are items.
  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> MixtureLearner { MixtureLearner(self, options) }
}
