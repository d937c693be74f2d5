package import Formats

/// What rows must have in common to be computed together: the weights, the kind of request and its options.
///
/// Lines of waiting requests are found by it several times a request, so it is hashed once and copied as one reference.
package final class BatchKey: Hashable, Sendable {
  package let model: Digest
  /// The name of its kind.
  package let request: String
  package let options: any Hashable & Sendable
  private let hash: Int

  package init(model: Digest, request: String, options: any Hashable & Sendable) {
    self.model = model
    self.request = request
    self.options = options
    var hasher = Hasher()
    hasher.combine(model)
    hasher.combine(request)
    options.hash(into: &hasher)
    hash = hasher.finalize()
  }

  package static func == (left: BatchKey, right: BatchKey) -> Bool {
    if left === right { return true }
    return left.hash == right.hash && left.model == right.model && left.request == right.request && agree(left.options, right.options)
  }

  private static func agree<Options: Equatable>(_ options: Options, _ others: any Hashable & Sendable) -> Bool { others as? Options == options }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// Who goes first: someone waits for an interactive answer; audits and jobs take what is left.
package enum Urgency: Int, Hashable, Sendable {
  case interactive, background
}

/// How rows are gathered into batches.
package struct BatchPolicy: Hashable, Sendable {
  /// Rows of one batch at most: enough to read the weights rarely, few enough that a batch's activations stay in the cache.
  package var maxRows = 64
  /// How long a lane that is free waits for more rows; without a delay a lane takes whatever waits.
  package var maxDelay = Duration.zero
  /// What one batch may cost, so that whoever comes next waits no longer than that.
  package var targetSeconds = 0.004
  /// What a part of a request has to cost at least to be given to another lane.
  package var worthwhileSeconds = 0.0002
  /// Numbers of answers that one lane writes before it hands these answers over together.
  package var numbersWrittenTogether = 8192
  /// Interactive batches in a row while background work waits; then one of that is let through.
  package var interactiveRun = 32

  package init() {}
}
