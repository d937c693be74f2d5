internal import Locking
internal import Tensors

/// A request between its arrival and its answer: which of its rows are computed, and who waits for them.
///
/// Its rows travel through batches with strangers, and can't be mixed up with theirs, by construction. The queue knows it by a number that is given once
/// and never again; the number is turned into this object once, when a batch is chosen, under the lock of `BatchWork`. From there a batch is a list of pairs
/// (this object, range of its rows), what comes out is cut at the lengths of those ranges in the order of that list (`PreparedOperation.compute`), and
/// each piece goes with its range to the object that stood beside it, which checks its length. The object holds the request that its answer is
/// written for, and its job the one continuation of the one task that waits for it; that task belongs to one connection, which begins no other request
/// before this one is answered. No buffer of an answer is shared or used again.
///
///     members   (A, 0..<2)   (B, 5..<6)   (C, 0..<3)
///     rows       a0 a1        b5           c0 c1 c2      one tensor, computed
///     pieces    [0..<2]      [2..<3]      [3..<6]        cut at the same places, delivered to A, B, C
final class PendingOperation: Sendable {
  let id: Int
  let prepared: PreparedOperation
  let key: BatchKey
  let urgency: Urgency
  let arrival: ContinuousClock.Instant
  /// Numbers that take as long to write as this answer.
  let numbersToWrite: Int
  let job = Job()
  private let state = Protected(State())

  /// More than any group holds: such an answer is written and handed over by itself.
  private static let slow = Int.max / 2

  private struct State {
    /// What was computed, by the first row.
    var parts: [(start: Int, values: Tensor)] = []
    var computedRows = 0
    var firstStart: ContinuousClock.Instant?
  }

  init(id: Int, _ prepared: PreparedOperation, urgency: Urgency, arrival: ContinuousClock.Instant, isSlowToWrite: Bool) {
    self.id = id
    self.prepared = prepared
    self.urgency = urgency
    self.arrival = arrival
    numbersToWrite = isSlowToWrite ? Self.slow : prepared.answerNumbers
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
