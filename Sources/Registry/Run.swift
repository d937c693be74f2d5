package import Formats
package import ModelFiles

/// Where a run stands.
package enum RunStatus: String, CaseIterable, Codable, Sendable {
  case running, finished, failed, cancelled
}

/// A recorded run, without its metrics.
package struct Run: Hashable, Sendable, Identifiable {
  package let id: RunID
  package let description: RunDescription
  package let status: RunStatus
  package let startedAt: Timestamp
  package let finishedAt: Timestamp?
  /// Why a failed run failed.
  package let failure: String?
  /// What the run made: a replay must make the same.
  package let outputDigest: Digest?
  /// What recorded inference has more; nil for other kinds.
  package let inference: InferenceFacts?

  init(
    id: RunID, description: RunDescription, status: RunStatus, startedAt: Timestamp, finishedAt: Timestamp?, failure: String?,
    outputDigest: Digest?, inference: InferenceFacts? = nil
  ) {
    self.id = id
    self.description = description
    self.status = status
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.failure = failure
    self.outputDigest = outputDigest
    self.inference = inference
  }

  /// nil for a request that was refused before its seed was known.
  package var seed: UInt64? { inference.map { $0.options.map { UInt64($0.seed) } } ?? description.seed }

  /// From start to end; nil while it runs. Of recorded inference to the microsecond, of other runs to the millisecond.
  package var duration: Duration? {
    if let inference { return .microseconds(inference.microseconds) }
    return finishedAt.map { .milliseconds($0.milliseconds - startedAt.milliseconds) }
  }
}

/// A metric with its place in the run and its time.
package struct RecordedMetric: Hashable, Sendable {
  /// Counts from 1 within the run.
  package let sequence: Int
  package let metric: RunMetric
  package let time: Timestamp
}
