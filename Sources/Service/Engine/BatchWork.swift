internal import Locking

/// What waits for the lanes of a batcher, and the order in which it is done.
final class BatchWork: WorkSource {
  private let lanes: Lanes
  private let policy: BatchPolicy
  private let capacity: Int
  private let metrics: EngineMetrics
  private let state: Protected<State>

  private struct State {
    var queue: BatchQueue<QueuedRequest>
    /// Requests whose rows are all computed, in groups that are written together.
    var computed: [[Job]] = []
    /// Long jobs: large bodies to read, large answers to write.
    var long: [Job] = []
    var runningLong = 0
    /// Jobs of minutes that give way to everything else.
    var patient: [Job] = []
    /// Background batches and patient jobs.
    var runningBackground = 0
    /// Whether a batch comes before the next long job, where one lane does both.
    var owesBatch = false

    var depth: Int { queue.count + long.count + patient.count }
  }

  init(lanes: Lanes, policy: BatchPolicy, capacity: Int, metrics: EngineMetrics) {
    self.lanes = lanes
    self.policy = policy
    self.capacity = capacity
    self.metrics = metrics
    state = Protected(State(queue: BatchQueue(policy: policy)))
  }

  var depth: Int { state.withLock { $0.depth } }

  func submit(_ job: Job, isAdmitted: Bool) throws(LaneOverload) {
    try append(isAdmitted: isAdmitted) { $0.long.append(job) }
    lanes.wake(self)
  }

  func submit(patient job: Job) throws(LaneOverload) {
    try append(isAdmitted: false) { $0.patient.append(job) }
    lanes.wake(self)
  }

  func submit(_ request: QueuedRequest, isAdmitted: Bool) throws(LaneOverload) {
    // Cancelled before it came here: nobody would take it out again.
    guard !request.job.isOver else { return }
    try append(isAdmitted: isAdmitted) { $0.queue.append(request) }
    // Cancelled meanwhile: `withdraw` may have looked before it was there.
    if request.job.isOver { withdraw(request) }
    lanes.wake(self)
  }

  private func append(isAdmitted: Bool, _ change: (inout State) -> Void) throws(LaneOverload) {
    let isFull = state.withLock { state in
      guard isAdmitted || state.depth < capacity || lanes.busy < lanes.width else { return true }
      change(&state)
      return false
    }
    if isFull { throw LaneOverload(waiting: capacity) }
  }

  func withdraw(_ job: Job) {
    state.withLock { state in
      state.long.removeAll { $0 === job }
      state.patient.removeAll { $0 === job }
    }
  }

  func withdraw(_ request: QueuedRequest) { state.withLock { $0.queue.remove(request) } }

  // MARK: - The lanes' side

  /// Long jobs, and background batches, that may run at once: all lanes but one.
  private var allButOne: Int { max(1, lanes.width - 1) }

  var hasWork: Bool {
    let now = ContinuousClock.now
    return state.withLock { state in
      !state.computed.isEmpty || (!state.long.isEmpty && state.runningLong < allButOne)
        || state.queue.isReady(at: now, background: state.runningBackground < allButOne)
        || (!state.patient.isEmpty && state.runningBackground < allButOne)
    }
  }

  /// Does on this thread what others wait for, some batches of it at most: a patient job calls it between two of its steps, and so holds nobody up for longer than a
  /// step, however many lanes there are.
  func giveWay() {
    for _ in 0..<policy.interactiveRun {
      guard let work = takeInteractiveWork() else { return }
      work()
    }
  }

  private func takeInteractiveWork() -> (() -> Void)? {
    let now = ContinuousClock.now
    let choice = state.withLock { state -> Choice in
      if !state.computed.isEmpty { return .jobs(state.computed.removeFirst()) }
      guard let batch = state.queue.next(at: now, freeLanes: max(0, lanes.width - lanes.busy), background: false) else {
        return .nothing(wakeAt: nil)
      }
      return .batch(batch)
    }
    switch choice {
    case .jobs(let jobs): return { Job.run(jobs) }
    case .batch(let batch): return { self.compute(batch, at: now) }
    case .long, .patient, .nothing: return nil
    }
  }

  private enum Choice {
    case jobs([Job])
    case long(Job)
    case patient(Job)
    case batch(Batch<QueuedRequest>)
    case nothing(wakeAt: ContinuousClock.Instant?)
  }

  func takeWork() -> (() -> Void)? {
    let now = ContinuousClock.now
    let (choice, late, hasMore) = state.withLock { state -> (Choice, [QueuedRequest], Bool) in
      if !state.computed.isEmpty { return (.jobs(state.computed.removeFirst()), [], true) }
      let late = state.queue.removeLate(at: now)
      let choice = choose(&state, at: now)
      let hasMore = !state.long.isEmpty || !state.queue.isEmpty || !state.patient.isEmpty
      return (choice, late, hasMore)
    }
    for request in late {
      metrics.countLate()
      request.job.drop(DeadlineExceeded())
    }
    if case .nothing(let wakeAt) = choice {
      if let wakeAt { lanes.wake(self, after: wakeAt - now) }
      return nil
    }
    // One lane wakes the next while there is something for it.
    if hasMore { lanes.wake(self) }
    switch choice {
    case .jobs(let jobs): return { Job.run(jobs) }
    case .long(let job):
      return {
        job.run()
        self.state.withLock { $0.runningLong -= 1 }
      }
    case .patient(let job):
      return {
        job.run()
        self.state.withLock { $0.runningBackground -= 1 }
      }
    case .batch(let batch): return { self.compute(batch, at: now) }
    case .nothing: return nil
    }
  }

  private func choose(_ state: inout State, at now: ContinuousClock.Instant) -> Choice {
    let mayRunLong = !state.long.isEmpty && state.runningLong < allButOne
    let background = state.runningBackground < allButOne
    if mayRunLong, !(state.owesBatch && state.queue.isReady(at: now, background: background)) {
      state.owesBatch = lanes.width == 1
      state.runningLong += 1
      return .long(state.long.removeFirst())
    }
    state.owesBatch = false
    let free = max(0, lanes.width - lanes.busy)
    guard let batch = state.queue.next(at: now, freeLanes: free, background: background) else {
      guard background, !state.patient.isEmpty else { return .nothing(wakeAt: state.queue.nextDue(after: now)) }
      state.runningBackground += 1
      return .patient(state.patient.removeFirst())
    }
    if batch.urgency == .background { state.runningBackground += 1 }
    return .batch(batch)
  }

  private func compute(_ batch: Batch<QueuedRequest>, at start: ContinuousClock.Instant) {
    for (request, _) in batch.parts { request.begin(at: start) }
    let found: [Swift.Result<RowAnswers, any Error>]
    do {
      found = try answers(to: batch.parts.map { ($0.member.request, $0.rows) }).map { .success($0) }
    } catch {
      // Whoever can't be answered fails alone.
      found = batch.parts.count == 1 ? [.failure(error)] : batch.parts.map { part in Swift.Result { try part.member.request.compute(part.rows) } }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    metrics.observe(batch)

    var done: [QueuedRequest] = []
    for ((request, rows), outcome) in zip(batch.parts, found) {
      switch outcome {
      case .success(let found): if request.deliver(found, of: rows) { done.append(request) }
      case .failure(let error):
        withdraw(request)
        request.job.drop(error)
      }
    }
    // Small answers are written in groups, the first by this lane at once; a large one waits among the long jobs.
    let (own, hasMore): ([Job], Bool) = state.withLock { state in
      state.queue.record(batch, seconds: seconds)
      if batch.urgency == .background { state.runningBackground -= 1 }
      state.long += done.filter(\.request.hasLongAnswer).map(\.job)
      let groups = groups(done.filter { !$0.request.hasLongAnswer })
      state.computed += groups.dropFirst()
      return (groups.first ?? [], !state.computed.isEmpty || !state.long.isEmpty)
    }
    if hasMore { lanes.wake(self) }
    Job.run(own)
  }

  /// Answers that are written one after the other and then handed over together, so that those who wait for them are woken once and not one by one:
  /// a wake-up costs about as much as writing a small answer.
  private func groups(_ computed: [QueuedRequest]) -> [[Job]] {
    var (groups, room) = ([[Job]](), 0)
    for request in computed {
      if request.numbersToWrite > room {
        groups.append([])
        room = policy.numbersWrittenTogether
      }
      groups[groups.count - 1].append(request.job)
      room -= request.numbersToWrite
    }
    return groups
  }
}
