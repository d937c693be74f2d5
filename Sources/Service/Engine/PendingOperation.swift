internal import Locking
internal import Tensors

/// A request between its arrival and its answer: which of its rows are computed, and who waits for them.
///
/// Its rows travel through batches with strangers, and can't be mixed up with theirs: a batch is a list of (request, range of that request's rows), what
/// comes out is cut at the same places, and each piece is handed to the object that it was cut for, which alone knows the continuation of its client.
final class PendingOperation: Sendable {
  let id: Int
  let prepared: PreparedOperation
  let key: BatchKey
  let urgency: Urgency
  let arrival: ContinuousClock.Instant
  let job = Job()
  private let state = Protected(State())

  private struct State {
    /// What was computed, by the first row.
    var parts: [(start: Int, values: Tensor)] = []
    var computedRows = 0
    var firstStart: ContinuousClock.Instant?
  }

  init(id: Int, _ prepared: PreparedOperation, urgency: Urgency, arrival: ContinuousClock.Instant) {
    self.id = id
    self.prepared = prepared
    self.urgency = urgency
    self.arrival = arrival
    key = prepared.batchKey
  }

  func begin(at now: ContinuousClock.Instant) { state.withLock { if $0.firstStart == nil { $0.firstStart = now } } }

  /// When its first row began to be computed.
  var start: ContinuousClock.Instant { state.withLock { $0.firstStart } ?? arrival }

  /// Takes the answer to some of its rows; returns whether it has all of them now.
  func deliver(_ values: Tensor, of rows: Range<Int>) -> Bool {
    precondition(values.shape[0] == rows.count, "\(values.shape) for \(rows.count) rows")
    return state.withLock { state in
      state.parts.append((rows.lowerBound, values))
      state.computedRows += rows.count
      return state.computedRows == prepared.count
    }
  }

  /// The answer to all rows in order; gives it away, so that it is let go of once it is written.
  func takeParts() -> [Tensor] {
    let parts = state.withLock { state in
      defer { state.parts = [] }
      return state.parts
    }
    return parts.sorted { $0.start < $1.start }.map(\.values)
  }
}
