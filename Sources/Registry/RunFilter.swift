package import Formats
package import ModelFiles

/// Which runs to list; a nil field lets every run pass.
package struct RunFilter: Hashable, Sendable {
  package var kind: RunKind?
  package var model: String?
  /// Runs of any of these models; nil for all, also those of none.
  package var models: Set<String>?
  /// With `models`: also runs of a model file under a name that no model has now, or under none.
  package var includesFormerNames = false
  /// Runs of this very model file, whatever it was called then.
  package var modelDigest: Digest?
  package var status: RunStatus?
  /// Runs that started then or later.
  package var since: Timestamp?
  /// Runs that started before.
  package var until: Timestamp?
  /// Parameters that requests may have, and so runs of them, whether or not one was recorded.
  package var optionNames: Set<String> = []
  /// What else a run has to meet; nil for nothing.
  package var predicate: RunPredicate?
  /// The same, of the program's own making: a name in it need not be one that some run has.
  package var ownPredicate: RunPredicate?

  package init(
    kind: RunKind? = nil, model: String? = nil, status: RunStatus? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
    predicate: RunPredicate? = nil
  ) {
    self.kind = kind
    self.model = model
    self.status = status
    self.since = since
    self.until = until
    self.predicate = predicate
  }
}

/// The order of a list of runs; runs of equal keys by their identifiers.
package struct RunOrder: Hashable, Sendable {
  package enum Key: Hashable, Sendable {
    case started
    /// Numbers, then texts byte by byte; runs without a value are left out.
    case field(RunCondition.Field)
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
