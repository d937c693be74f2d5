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

  private struct State {
    var waiting: [Entry] = []
    var running: [RunID: ChildProcess] = [:]
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
        state.withLock { $0.running[next.run] = child }
        Task { [self] in
          let ending = await child.wait()
          let isCancelled = state.withLock { state in
            state.running[next.run] = nil
            return state.cancelled.remove(next.run) != nil
          }
          await next.ended(.success(ending), isCancelled)
          startNext()
        }
      } catch {
        let failure = error as? ChildProcess.Failure ?? ChildProcess.Failure(description: "\(error)")
        Task { await next.ended(.failure(failure), false) }
      }
    }
  }

  /// Ends a job that waits at once, and one that is done at its next step; one that takes longer than ten seconds is killed.
  ///
  /// - Returns: whether it was among these; then its end is told as that of any other.
  func cancel(_ run: RunID) async -> Bool {
    let (waiting, child) = state.withLock { state -> (Entry?, ChildProcess?) in
      if let index = state.waiting.firstIndex(where: { $0.run == run }) { return (state.waiting.remove(at: index), nil) }
      guard let child = state.running[run] else { return (nil, nil) }
      state.cancelled.insert(run)
      return (nil, child)
    }
    if let waiting {
      await waiting.ended(.success(.exit(0)), true)
      return true
    }
    guard let child else { return false }
    child.send(15)
    for _ in 0..<100 where state.withLock({ $0.running[run] != nil }) { try? await Task.sleep(for: .milliseconds(100)) }
    if state.withLock({ $0.running[run] != nil }) { child.send(9) }
    while state.withLock({ $0.running[run] != nil }) { try? await Task.sleep(for: .milliseconds(20)) }
    return true
  }

  /// Asks all to keep what they have and end, and waits for that; none begins any more.
  func stop() async {
    let children = state.withLock { state in
      state.isStopping = true
      return Array(state.running.values)
    }
    for child in children { child.send(15) }
    for _ in 0..<300 where state.withLock({ !$0.running.isEmpty }) { try? await Task.sleep(for: .milliseconds(100)) }
    for child in state.withLock({ Array($0.running.values) }) { child.send(9) }
  }
}
