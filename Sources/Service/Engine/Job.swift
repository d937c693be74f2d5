internal import Locking

/// Work that is run once or dropped once, whichever comes first.
final class Job: Sendable {
  private enum State {
    case new
    case ready(work: @Sendable () -> Void, drop: @Sendable (any Error) -> Void)
    /// Dropped before it was prepared.
    case stillborn(any Error)
    case over
  }
  private let state = Protected(State.new)

  func prepare(work: @escaping @Sendable () -> Void, drop: @escaping @Sendable (any Error) -> Void) {
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

  func run() {
    if case .ready(let work, _) = state.withLock({ take(&$0, leaving: .over) }) { work() }
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
          work: { continuation.resume(with: Swift.Result { try body() }) },
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
