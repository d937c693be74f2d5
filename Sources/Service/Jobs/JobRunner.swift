internal import Locking
internal import ModelFiles

/// What jobs may take of the machine.
package struct JobOptions: Hashable, Sendable {
  /// The program, and what stands before the run's identifier; empty where this server does no jobs.
  package var command: [String] = []
  /// Jobs done at once; more wait in the order in which they came.
  package var most = 1
  /// Jobs that wait.
  package var waiting = 64
  /// Threads of each; nil is half of the cores.
  package var threads: Int?
  /// Bytes of memory that each may have.
  package var memoryBytes = 8 << 30

  package init() {}
}

/// Does jobs in processes of their own, a few at a time: one that fails, or takes too much, takes nothing else with it.
final class JobRunner: Sendable {
  /// Told how a job's process ended, and whether it was asked to.
  typealias Ended = @Sendable (Result<ChildProcess.Ending, ChildProcess.Failure>, _ isCancelled: Bool) async -> Void

  private struct Entry: Sendable {
    let run: RunID
    let start: @Sendable () throws -> ChildProcess
    let ended: Ended
  }

  private struct Running: Sendable {
    let child: ChildProcess
    /// Over when its end has been told.
    let end: Task<Void, Never>
  }

  private struct State {
    var waiting: [Entry] = []
    var running: [RunID: Running] = [:]
    /// Those that were asked to end.
    var cancelled: Set<RunID> = []
    var isStopping = false
  }

  private let options: JobOptions
  private let state = Protected(State())

  init(_ options: JobOptions) { self.options = options }

  /// How many wait, and how many are being done.
  var counts: (waiting: Int, running: Int) { state.withLock { ($0.waiting.count, $0.running.count) } }

  var running: [RunID] { state.withLock { $0.running.keys.sorted() } }

  /// - Throws: `LaneOverload` where too many wait.
  func add(_ run: RunID, _ start: @escaping @Sendable () throws -> ChildProcess, ended: @escaping Ended) throws(LaneOverload) {
    let isAdmitted = state.withLock { state in
      guard state.waiting.count < options.waiting else { return false }
      state.waiting.append(Entry(run: run, start: start, ended: ended))
      return true
    }
    guard isAdmitted else { throw LaneOverload(waiting: options.waiting) }
    startNext()
  }

  private func startNext() {
    while true {
      let next = state.withLock { state -> Entry? in
        guard !state.isStopping, state.running.count < options.most, !state.waiting.isEmpty else { return nil }
        return state.waiting.removeFirst()
      }
      guard let next else { return }
      do {
        let child = try next.start()
        state.withLock { state in
          state.running[next.run] = Running(child: child, end: Task { [self] in await follow(child, next) })
        }
      } catch {
        let failure = error as? ChildProcess.Failure ?? ChildProcess.Failure(description: "\(error)")
        Task { await next.ended(.failure(failure), false) }
      }
    }
  }

  private func follow(_ child: ChildProcess, _ entry: Entry) async {
    let ending = await child.wait()
    let isCancelled = state.withLock { state in
      state.running[entry.run] = nil
      return state.cancelled.remove(entry.run) != nil
    }
    await entry.ended(.success(ending), isCancelled)
    startNext()
  }

  /// Ends a job that waits at once, and one that is done at its next step; one that takes longer than ten seconds is killed.
  ///
  /// - Returns: whether it was among these; its end has been told then.
  func cancel(_ run: RunID) async -> Bool {
    let (waiting, running) = state.withLock { state -> (Entry?, Running?) in
      if let index = state.waiting.firstIndex(where: { $0.run == run }) { return (state.waiting.remove(at: index), nil) }
      guard let running = state.running[run] else { return (nil, nil) }
      state.cancelled.insert(run)
      return (nil, running)
    }
    if let waiting {
      await waiting.ended(.success(.exit(0)), true)
      return true
    }
    guard let running else { return false }
    await end([run: running], within: .seconds(10))
    return true
  }

  /// Asks all to keep what they have and end, and waits for that; none begins any more.
  func stop() async {
    let running = state.withLock { state in
      state.isStopping = true
      return state.running
    }
    await end(running, within: .seconds(30))
  }

  /// Asks processes to end, and kills those that take longer.
  private func end(_ jobs: [RunID: Running], within patience: Duration) async {
    for job in jobs.values { job.child.send(15) }
    let killing = Task { [self] in
      try await Task.sleep(for: patience)
      // Only those that still run: another process may have the identifier of one that has ended.
      state.withLock { state in for run in jobs.keys { state.running[run]?.child.send(9) } }
    }
    for job in jobs.values { await job.end.value }
    killing.cancel()
  }
}
