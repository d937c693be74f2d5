package import Formats
package import Training

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
}

/// A metric with its place in the run and its time.
package struct RecordedMetric: Hashable, Sendable {
  /// Counts from 1 within the run.
  package let sequence: Int
  package let metric: RunMetric
  package let time: Timestamp
}

/// Which runs to list; a nil field lets every run pass.
package struct RunFilter: Hashable, Sendable {
  package var kind: RunKind?
  package var model: String?
  /// Runs of any of these models; nil for all, also those of none.
  package var models: Set<String>?
  package var status: RunStatus?
  /// Runs that started then or later.
  package var since: Timestamp?

  package init(kind: RunKind? = nil, model: String? = nil, status: RunStatus? = nil, since: Timestamp? = nil) {
    self.kind = kind
    self.model = model
    self.status = status
    self.since = since
  }
}

/// By the time of their start.
package enum RunOrder: String, CaseIterable, Sendable {
  case newestFirst, oldestFirst
}
