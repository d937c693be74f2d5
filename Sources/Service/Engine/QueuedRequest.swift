internal import Locking

/// A request between its arrival and its answer: which of its rows are computed, and who waits for them.
///
/// Its rows travel through batches with strangers, and can't be mixed up with theirs, by construction. A batch is a list of pairs (this object, range of
/// its rows); what comes out is cut at the lengths of those ranges in the order of that list (`answers(to:)`), and each piece goes with its range to the
/// object that stood beside it, which checks its length. The object holds the request that its answer is written for, and its job the one continuation
/// of the one task that waits for it; that task belongs to one connection, which begins no other request before this one is answered. No buffer of an
/// answer is shared or used again.
///
///     parts      (A, 0..<2)   (B, 5..<6)   (C, 0..<3)
///     rows       a0 a1        b5           c0 c1 c2      one tensor, computed
///     pieces     [0..<2]      [2..<3]      [3..<6]       cut at the same places, delivered to A, B, C
final class QueuedRequest: BatchMember {
  let request: any CheckedRequest
  let key: BatchKey
  let urgency: Urgency
  let arrival: ContinuousClock.Instant
  let deadline: ContinuousClock.Instant?
  let count: Int
  let rowWeight: Double
  /// Numbers that take as long to write as this answer.
  let numbersToWrite: Int
  let job = Job()
  private let state: Protected<State>

  /// More than any group holds: such an answer is written and handed over by itself.
  private static let slow = Int.max / 2

  private struct State {
    var found: GatheredAnswers
    var firstStart: ContinuousClock.Instant?
  }

  init(_ request: any CheckedRequest, urgency: Urgency, deadline: ContinuousClock.Instant?, isSlowToWrite: Bool) {
    self.request = request
    self.urgency = urgency
    self.deadline = deadline
    arrival = .now
    numbersToWrite = isSlowToWrite ? Self.slow : request.answerNumbers
    (key, count, rowWeight) = (request.batchKey, request.count, request.rowWeight)
    state = Protected(State(found: GatheredAnswers(count: request.count)))
  }

  var rowLimit: Int { request.rowLimit }
  var guessedSecondsPerUnit: Double { request.guessedSecondsPerUnit }

  func begin(at now: ContinuousClock.Instant) { state.withLock { if $0.firstStart == nil { $0.firstStart = now } } }

  /// When its first row began to be computed.
  var start: ContinuousClock.Instant { state.withLock { $0.firstStart } ?? arrival }

  /// Takes the answer to some of its rows; returns whether it has all of them now.
  func deliver(_ found: RowAnswers, of rows: Range<Int>) -> Bool {
    state.withLock { state in
      state.found.add(found, of: rows)
      return state.found.isComplete
    }
  }

  /// The answer to all rows in order; gives it away, so that it is let go of once it is written.
  func takeFound() -> RowAnswers { state.withLock { $0.found.take() } }
}
