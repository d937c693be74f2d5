internal import Locking

/// A fixed number of threads for jobs that compute or block, first come, first served, with a bounded queue before them.
package final class ComputeLanes: Sendable {
  package let capacity: Int
  private let lanes: Lanes
  private let waiting = Waiting()

  /// - Parameters:
  ///   - width: jobs that run at once.
  ///   - capacity: jobs that may wait beside those; one more is refused.
  package init(_ label: String, width: Int, capacity: Int) {
    precondition(capacity >= 0, "\(capacity) waiting")
    self.capacity = capacity
    lanes = Lanes(label, width: width)
  }

  package var width: Int { lanes.width }
  /// Jobs that wait for a lane.
  package var depth: Int { waiting.jobs.withLock { $0.count } }
  /// Lanes that are at work.
  package var busyLanes: Int { lanes.busy }

  /// Runs `body` on a lane and returns what it returns.
  /// - Parameter isUnderWay: whether it belongs to an answer that has begun, which is never turned away.
  /// - Throws: `LaneOverload` at once where the queue is full; `CancellationError` where the task is cancelled before the job began, which then never runs.
  package func run<Result: Sendable>(isUnderWay: Bool = false, _ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await Job.result(of: body) { job throws(LaneOverload) in
      let isFull = waiting.jobs.withLock { jobs in
        guard isUnderWay || jobs.count < capacity || lanes.busy < width else { return true }
        jobs.append(job)
        return false
      }
      if isFull { throw LaneOverload(waiting: capacity) }
      lanes.wake(waiting)
    } withdraw: { [waiting] job in
      waiting.jobs.withLock { jobs in jobs.removeAll { $0 === job } }
    }
  }

  private final class Waiting: WorkSource {
    /// At most the capacity, so that taking the first one is cheap.
    let jobs = Protected<[Job]>([])

    var hasWork: Bool { jobs.withLock { !$0.isEmpty } }

    func takeWork() -> (() -> Void)? {
      jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }.map { job in { job.run() } }
    }
  }
}
