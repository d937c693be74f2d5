internal import Locking
internal import ModelFiles
internal import Registry

/// Audits that go on without a request: each a task that computes behind everything else and ends its own run.
final class AuditRunner: Sendable {
  private let tasks = Protected<[RunID: Task<Void, Never>]>([:])

  /// Audits that compute or wait for their turn.
  var count: Int { tasks.withLock { $0.count } }

  func start(_ run: RunID, _ body: @escaping @Sendable () async -> Void) {
    tasks.withLock { tasks in
      tasks[run] = Task { [self] in
        await body()
        self.tasks.withLock { $0[run] = nil }
      }
    }
  }

  /// Ends an audit at its next step, and waits until its run has ended.
  ///
  /// - Returns: whether it was among these.
  func cancel(_ run: RunID) async -> Bool {
    guard let task = tasks.withLock({ $0[run] }) else { return false }
    task.cancel()
    await task.value
    return true
  }
}

/// Counts what an audit has evaluated and says now and then how far it is.
package final class AuditProgress: Sendable {
  private struct State {
    var points = 0
    var told: ContinuousClock.Instant
  }

  private let total: Int
  private let start = ContinuousClock.now
  private let interval: Duration
  private let state: Protected<State>
  private let tell: @Sendable (Report) throws -> Void

  package struct Report: Sendable {
    package let points: Int
    /// 0 to 1; what line searches need beyond the plan stays at the end.
    package let part: Double
    package let secondsLeft: Double
  }

  package init(of total: Int, every interval: Duration, _ tell: @escaping @Sendable (Report) throws -> Void) {
    (self.total, self.interval, self.tell) = (max(total, 1), interval, tell)
    state = Protected(State(told: start))
  }

  package func add(_ points: Int) throws {
    let now = ContinuousClock.now
    let due = state.withLock { state -> Int? in
      state.points += points
      guard now - state.told >= interval else { return nil }
      state.told = now
      return state.points
    }
    guard let due else { return }
    let part = min(Double(due) / Double(total), 0.999)
    try tell(Report(points: due, part: part, secondsLeft: (now - start) / .seconds(1) * (1 - part) / max(part, 1e-9)))
  }

  package var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
}
