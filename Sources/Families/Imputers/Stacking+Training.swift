internal import Formats
package import Modelling
package import Optimisation
package import Tensors

extension Stacking: Trainable {
  package struct TrainingOptions: Settings {
    /// How often cells are hidden and members fitted for the weights; by the rows where nil.
    package var folds: Int?

    package init() {}

    package static let table = Table<Self> {
      Setting(
        "folds", \.folds, in: 1...100, writesNull: true,
        "How often a fifth (below 200 rows a tenth) of the visible cells is hidden and every member fitted, for weights and intervals; "
          + "absent: 10 below 200 rows, 5 below 500, else 1.")
    }
  }

  package static let learnsFrom: LearningInputs = .mixedTables

  /// Rows from which a network among the members helps.
  private static let networkRows = 1200

  /// All is done in one epoch.
  package static func settings(forRows rows: Int) -> TableSettings {
    TableSettings(configuration: rows >= networkRows ? ["network": .bool(true)] : [:], epochs: 1, batchSize: 65_536, validation: 0)
  }

  /// Any numbers, missing ones among them, are items.
  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> StackingLearner { StackingLearner(self, options) }
}
