internal import Locking

/// Work that is run once or dropped once, whichever comes first.
final class Job: Sendable {
  /// Hands the result to the caller that waits for it.
  typealias Delivery = @Sendable () -> Void

  private enum State {
    case new
    case ready(work: @Sendable () -> Delivery, drop: @Sendable (any Error) -> Void)
    /// Dropped before it was prepared.
    case stillborn(any Error)
    case over
  }
  private let state = Protected(State.new)

  /// - Parameter work: what is to be done; its result is kept until it is delivered.
  func prepare(work: @escaping @Sendable () -> Delivery, drop: @escaping @Sendable (any Error) -> Void) {
    let error: (any Error)? = state.withLock { state in
      guard case .stillborn(let error) = state else {
        state = .ready(work: work, drop: drop)
        return nil
      }
      state = .over
      return error
    }
    if let error { drop(error) }
  }

  /// Whether it was run or dropped.
  var isOver: Bool {
    state.withLock { state in
      if case .over = state { return true }
      if case .stillborn = state { return true }
      return false
    }
  }

  func run() { perform()?() }

  /// Does the work and leaves its delivery to the caller; nil where it was dropped before.
  func perform() -> Delivery? {
    if case .ready(let work, _) = state.withLock({ take(&$0, leaving: .over) }) { work() } else { nil }
  }

  /// Does the work of all jobs, then delivers. Callers that wait at the same place are woken once for all of them.
  static func run(_ jobs: [Job]) {
    for delivery in jobs.compactMap({ $0.perform() }) { delivery() }
  }

  func drop(_ error: any Error) {
    if case .ready(_, let drop) = state.withLock({ state in
      if case .new = state { return take(&state, leaving: .stillborn(error)) }
      return take(&state, leaving: .over)
    }) {
      drop(error)
    }
  }

  private func take(_ state: inout State, leaving next: State) -> State {
    defer { state = next }
    return state
  }

  /// Waits for a job that `submit` puts into a queue; `withdraw` takes it out of there where the task is cancelled first.
  static func result<Result: Sendable>(
    of body: @escaping @Sendable () throws -> Result, submit: (Job) throws(LaneOverload) -> Void, withdraw: @escaping @Sendable (Job) -> Void
  ) async throws -> Result {
    let job = Job()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
        job.prepare(
          work: {
            let result = Swift.Result { try body() }
            return { continuation.resume(with: result) }
          },
          drop: { continuation.resume(throwing: $0) })
        do throws(LaneOverload) { try submit(job) } catch { job.drop(error) }
      }
    } onCancel: {
      withdraw(job)
      job.drop(CancellationError())
    }
  }
}

/// More work waits than a queue holds; `Retry-After` says when to come again.
package struct LaneOverload: Error, Equatable {
  package let waiting: Int
}
