internal import Locking

/// Computes requests on lanes, gathering rows of requests for the same model, of the same kind and with the same options into batches.
///
/// Greedy: whenever a lane is free it takes what waits (see `BatchQueue`), so batches grow with the load and nobody waits for company unless `maxDelay`
/// says so. Since an item's answer depends on (options, item, key, row number) alone and every kernel keeps one order of accumulation, no batch changes a bit.
/// Three kinds of work wait here, in this order: answers that are computed and have to be written; large bodies to be read or written, which never hold
/// every lane; batches. Background batches leave one lane to interactive work where there are several.
package final class Batcher: Sendable {
  package let policy: BatchPolicy
  package let capacity: Int
  package let metrics = EngineMetrics()
  private let lanes: Lanes
  private let work: BatchWork

  /// - Parameters:
  ///   - width: lanes, one thread each.
  ///   - capacity: requests that may wait; one more is refused.
  package init(width: Int, capacity: Int, policy: BatchPolicy = BatchPolicy()) {
    precondition(capacity >= 0, "\(capacity) waiting")
    self.policy = policy
    self.capacity = capacity
    lanes = Lanes("compute", width: width)
    work = BatchWork(lanes: lanes, policy: policy, capacity: capacity, metrics: metrics)
  }

  package var width: Int { lanes.width }
  /// Requests that wait for a lane.
  package var depth: Int { work.depth }
  /// Lanes that are at work.
  package var busyLanes: Int { lanes.busy }

  /// Runs a long job beside the batches, such as reading megabytes of numbers; some lane stays free of those where there are several.
  /// - Parameter isUnderWay: whether it belongs to an answer that has begun, which is never turned away.
  /// - Throws: `LaneOverload` at once where too much waits; `CancellationError` where the task is cancelled before the job began.
  package func run<Result: Sendable>(isUnderWay: Bool = false, _ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await Job.result(of: body) { job throws(LaneOverload) in
      try work.submit(job, isAdmitted: isUnderWay)
    } withdraw: { [work] in
      work.withdraw($0)
    }
  }

  /// Runs a job of minutes on a lane, behind everything else; it calls what it is given between its steps, and does there what others wait for.
  ///
  /// It begins when nothing else waits and another lane stays free, where there are several.
  /// - Throws: `LaneOverload` at once where too much waits; `CancellationError` where the task is cancelled, also while the job runs: then from the next step.
  package func runPatiently<Result: Sendable>(_ body: @escaping @Sendable (_ giveWay: @escaping @Sendable () throws -> Void) throws -> Result)
    async throws -> Result
  {
    let isCancelled = Protected(false)
    let work = work
    return try await withTaskCancellationHandler {
      try await Job.result {
        try body {
          if isCancelled.withLock({ $0 }) { throw CancellationError() }
          work.giveWay()
        }
      } submit: { job throws(LaneOverload) in
        try work.submit(patient: job)
      } withdraw: {
        work.withdraw($0)
      }
    } onCancel: {
      isCancelled.withLock { $0 = true }
    }
  }

  /// Computes a request and makes something of its answer, on a lane.
  /// - Parameters:
  ///   - isSlowToWrite: whether `finish` takes much longer than writing the answer's numbers as text.
  ///   - isUnderWay: whether it is a block of a request that has begun, which is never turned away.
  /// - Throws: `LaneOverload` at once where too much waits; `DeadlineExceeded` where the deadline passed before the last row was begun;
  ///   `CancellationError` where the task is cancelled first: then the rest of its rows are never computed.
  package nonisolated(nonsending) func perform<Result: Sendable>(
    _ request: any CheckedRequest, urgency: Urgency = .interactive, deadline: ContinuousClock.Instant? = nil, isSlowToWrite: Bool = false,
    isUnderWay: Bool = false,
    finish: @escaping @Sendable (Answer) throws -> Result
  ) async throws -> Result {
    try await perform(
      request, urgency: urgency, deadline: deadline, isSlowToWrite: isSlowToWrite, isUnderWay: isUnderWay, notes: nil, finish: finish)
  }

  /// - Parameter notes: told how long the request waited, and how long it took to compute and to write.
  nonisolated(nonsending) func perform<Result: Sendable>(
    _ request: any CheckedRequest, urgency: Urgency, deadline: ContinuousClock.Instant?, isSlowToWrite: Bool, isUnderWay: Bool = false,
    notes: RequestNotes?, finish: @escaping @Sendable (Answer) throws -> Result
  ) async throws -> Result {
    let queued = QueuedRequest(request, urgency: urgency, deadline: deadline, isSlowToWrite: isSlowToWrite)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
        queued.job.prepare(
          work: { [metrics] in
            let computed = ContinuousClock.now
            let result = Swift.Result { try finish(request.answer(queued.takeFound())) }
            let finished = ContinuousClock.now
            metrics.observe(queued, computed: computed, finished: finished)
            if let notes {
              notes.note("queue", queued.start - queued.arrival)
              notes.note("compute", computed - queued.start)
              notes.note("encode", finished - computed)
            }
            return { continuation.resume(with: result) }
          },
          drop: { continuation.resume(throwing: $0) })
        do throws(LaneOverload) { try work.submit(queued, isAdmitted: isUnderWay) } catch { queued.job.drop(error) }
      }
    } onCancel: {
      work.withdraw(queued)
      queued.job.drop(CancellationError())
    }
  }
}

/// The time that a client gave is over, and the work was not done yet.
package struct DeadlineExceeded: Error, Equatable {}
