package import ModelFiles

/// Which runs to list; a nil field lets every run pass.
package struct RunFilter: Hashable, Sendable {
  package var kind: RunKind?
  package var model: String?
  /// Runs of any of these models; nil for all, also those of none.
  package var models: Set<String>?
  package var status: RunStatus?
  /// Runs that started then or later.
  package var since: Timestamp?
  /// Runs that started before.
  package var until: Timestamp?
  /// Further conditions, all to be met.
  package var conditions: [RunCondition]

  package init(
    kind: RunKind? = nil, model: String? = nil, status: RunStatus? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
    conditions: [RunCondition] = []
  ) {
    self.kind = kind
    self.model = model
    self.status = status
    self.since = since
    self.until = until
    self.conditions = conditions
  }
}

/// The order of a list of runs; runs of equal keys by their identifiers.
package struct RunOrder: Hashable, Sendable {
  package enum Key: Hashable, Sendable {
    case started
    /// The last value; runs without this metric are left out.
    case metric(String)
  }

  package let key: Key
  package let isDescending: Bool

  package init(by key: Key, isDescending: Bool) {
    self.key = key
    self.isDescending = isDescending
  }

  package static let newestFirst = RunOrder(by: .started, isDescending: true)
  package static let oldestFirst = RunOrder(by: .started, isDescending: false)
}
