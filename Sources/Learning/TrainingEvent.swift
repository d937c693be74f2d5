internal import ModelFiles

/// What a run reports while it goes.
package enum TrainingEvent: Sendable {
  case started(TrainingSummary)
  case step(StepReport)
  case epochFinished(EpochReport)
  /// Before the last epoch of the recipe, because validation has found no better epoch for `patience` epochs.
  case stoppedEarly(epoch: Int, best: Int)
  case finished(Training.Result)
}

package struct TrainingSummary: Sendable {
  package let family: String
  package let data: String
  package let items: Int
  package let validationItems: Int
  package let parameters: Int
  package let epochs: Int
  package let firstEpoch: Int
  /// What of the data teaches nothing or little, a sentence each.
  package let notes: [String]
}

/// Where in an epoch a run is; the terms are means over the epoch so far.
package struct StepReport: Sendable {
  package let epoch: Int
  package let epochs: Int
  package let step: Int
  package let steps: Int
  package let terms: [(name: String, value: Double)]
  package let itemsPerSecond: Double
  package let secondsLeft: Double
}

package struct EpochReport: Sendable {
  /// From 1.
  package let epoch: Int
  package let epochs: Int
  package let terms: [(name: String, value: Double)]
  /// Means over the items held out; none without such items.
  package let validation: [(name: String, value: Double)]
  /// Which of them epochs are compared by.
  package let criterion: Double?
  package let isBest: Bool
  package let rate: Double
  package let itemsPerSecond: Double
  package let seconds: Double

  var metrics: [RunMetric] {
    var metrics = terms.map { RunMetric(name: "train.\($0.name)", value: $0.value, step: epoch, epoch: epoch) }
    metrics += validation.map { RunMetric(name: "validation.\($0.name)", value: $0.value, step: epoch, epoch: epoch) }
    metrics.append(RunMetric(name: "rate", value: rate, step: epoch, epoch: epoch))
    metrics.append(RunMetric(name: "items_per_second", value: itemsPerSecond, step: epoch, epoch: epoch))
    metrics.append(RunMetric(name: "seconds", value: seconds, step: epoch, epoch: epoch))
    return metrics
  }
}
