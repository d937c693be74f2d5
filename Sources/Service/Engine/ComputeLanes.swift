internal import Dispatch
internal import Locking

/// A fixed number of threads for work that computes or blocks, with a bounded queue before them.
///
/// A job runs on a Dispatch thread, never on an I/O loop or Swift's cooperative pool. At most `width` jobs run at once: a lane is a loop that takes
/// jobs until none waits, and a new lane is opened only below that number, so the concurrent queue below holds never more blocks than lanes.
package final class ComputeLanes: Sendable {
  package let width: Int
  package let capacity: Int
  private let queue: DispatchQueue
  private let state = Protected(State())

  private struct State {
    var waiting: [Job] = []
    /// Taken from the front of `waiting`; the array is cut when half of it is gone.
    var taken = 0
    var openLanes = 0

    var depth: Int { waiting.count - taken }
  }

  /// - Parameters:
  ///   - width: jobs that run at once.
  ///   - capacity: jobs that may wait beside those; one more is refused.
  package init(_ label: String, width: Int, capacity: Int) {
    precondition(width > 0 && capacity >= 0, "\(width) lanes, \(capacity) waiting")
    self.width = width
    self.capacity = capacity
    queue = DispatchQueue(label: "posterior.\(label)", attributes: .concurrent)
  }

  /// Jobs that wait for a lane.
  package var depth: Int { state.withLock { $0.depth } }
  /// Lanes that are at work.
  package var busyLanes: Int { state.withLock { $0.openLanes } }

  /// Runs `body` on a lane and returns what it returns.
  /// - Throws: `LaneOverload` at once where the queue is full; `CancellationError` where the task is cancelled before the job began, which then never runs.
  package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let job = Job()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
        job.prepare(
          work: { continuation.resume(with: Swift.Result { try body() }) },
          drop: { continuation.resume(throwing: $0) })
        do throws(LaneOverload) { try enqueue(job) } catch { job.drop(error) }
      }
    } onCancel: {
      forget(job)
      job.drop(CancellationError())
    }
  }

  private func enqueue(_ job: Job) throws(LaneOverload) {
    enum Outcome { case opensLane, waits, isRefused }
    let outcome: Outcome = state.withLock { state in
      if state.openLanes < width {
        state.openLanes += 1
        state.waiting.append(job)
        return .opensLane
      }
      guard state.depth < capacity else { return .isRefused }
      state.waiting.append(job)
      return .waits
    }
    switch outcome {
    case .opensLane: queue.async { self.drain() }
    case .waits: break
    case .isRefused: throw LaneOverload(waiting: capacity)
    }
  }

  /// Frees the place of a job that nobody waits for any more.
  private func forget(_ job: Job) {
    state.withLock { state in
      if let index = state.waiting.firstIndex(where: { $0 === job }), index >= state.taken { state.waiting.remove(at: index) }
    }
  }

  private func drain() {
    while let job = next() { job.run() }
  }

  /// The job that waited longest; closes the lane where there is none.
  private func next() -> Job? {
    state.withLock { state in
      guard state.depth > 0 else {
        state.openLanes -= 1
        state.waiting.removeAll(keepingCapacity: true)
        state.taken = 0
        return nil
      }
      let job = state.waiting[state.taken]
      state.taken += 1
      if state.taken > 64, state.taken * 2 > state.waiting.count {
        state.waiting.removeFirst(state.taken)
        state.taken = 0
      }
      return job
    }
  }
}

/// More work waits than a queue holds; `Retry-After` says when to come again.
package struct LaneOverload: Error, Equatable {
  package let waiting: Int
}

/// Work that is run once or dropped once, whichever comes first.
private final class Job: Sendable {
  private enum State {
    case new
    case ready(work: @Sendable () -> Void, drop: @Sendable (any Error) -> Void)
    /// Dropped before it was prepared.
    case stillborn(any Error)
    case done
  }
  private let state = Protected(State.new)

  func prepare(work: @escaping @Sendable () -> Void, drop: @escaping @Sendable (any Error) -> Void) {
    let error: (any Error)? = state.withLock { state in
      guard case .stillborn(let error) = state else {
        state = .ready(work: work, drop: drop)
        return nil
      }
      state = .done
      return error
    }
    if let error { drop(error) }
  }

  func run() {
    if case .ready(let work, _) = state.withLock({ take(&$0, leaving: .done) }) { work() }
  }

  func drop(_ error: any Error) {
    if case .ready(_, let drop) = state.withLock({ state in
      if case .new = state { return take(&state, leaving: .stillborn(error)) }
      return take(&state, leaving: .done)
    }) {
      drop(error)
    }
  }

  private func take(_ state: inout State, leaving next: State) -> State {
    defer { state = next }
    return state
  }
}
