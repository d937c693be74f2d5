internal import Locking
internal import Tensors

/// What waits for the lanes of a batcher, and the order in which it is done.
final class BatchWork: WorkSource {
  private let lanes: Lanes
  private let policy: BatchPolicy
  private let capacity: Int
  private let metrics: EngineMetrics
  private let state: Protected<State>

  private struct State {
    var queue: BatchQueue
    var pending: [Int: PendingOperation] = [:]
    var nextID = 0
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

    func members(of batch: BatchQueue.Batch) -> [(PendingOperation, Range<Int>)] {
      batch.shares.map { share in
        guard let pending = pending[share.id] else { preconditionFailure("a share of nobody") }
        return (pending, share.rows)
      }
    }
  }

  init(lanes: Lanes, policy: BatchPolicy, capacity: Int, metrics: EngineMetrics) {
    self.lanes = lanes
    self.policy = policy
    self.capacity = capacity
    self.metrics = metrics
    state = Protected(State(queue: BatchQueue(policy: policy)))
  }

  var depth: Int { state.withLock { $0.depth } }

  func pending(_ prepared: PreparedOperation, urgency: Urgency, isSlowToWrite: Bool) -> PendingOperation {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return PendingOperation(id: id, prepared, urgency: urgency, arrival: .now, isSlowToWrite: isSlowToWrite)
  }

  func submit(_ job: Job, isAdmitted: Bool) throws(LaneOverload) {
    try append(isAdmitted: isAdmitted) { $0.long.append(job) }
    lanes.wake(self)
  }

  func submit(patient job: Job) throws(LaneOverload) {
    try append(isAdmitted: false) { $0.patient.append(job) }
    lanes.wake(self)
  }

  func submit(_ pending: PendingOperation, deadline: ContinuousClock.Instant?, isAdmitted: Bool) throws(LaneOverload) {
    let prepared = pending.prepared
    // Cancelled before it came here: nobody would take it out again.
    guard !pending.job.isOver else { return }
    let entry = BatchQueue.Entry(
      id: pending.id, key: pending.key, urgency: pending.urgency, arrival: pending.arrival, deadline: deadline, rowLimit: prepared.rowLimit,
      weight: prepared.rowWeight, guess: prepared.guessedSecondsPerUnit, remaining: 0..<prepared.count)
    try append(isAdmitted: isAdmitted) {
      $0.queue.append(entry)
      $0.pending[pending.id] = pending
    }
    // Cancelled meanwhile: `withdraw` may have looked before it was there.
    if pending.job.isOver { withdraw(pending) }
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

  func withdraw(_ pending: PendingOperation) {
    state.withLock { state in
      guard state.pending.removeValue(forKey: pending.id) != nil else { return }
      state.queue.remove(pending.id, key: pending.key, urgency: pending.urgency)
    }
  }

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
      return .batch(batch, state.members(of: batch))
    }
    switch choice {
    case .jobs(let jobs): return { Job.run(jobs) }
    case .batch(let batch, let members): return { self.compute(batch, members, at: now) }
    case .long, .patient, .nothing: return nil
    }
  }

  private enum Choice {
    case jobs([Job])
    case long(Job)
    case patient(Job)
    case batch(BatchQueue.Batch, [(PendingOperation, Range<Int>)])
    case nothing(wakeAt: ContinuousClock.Instant?)
  }

  func takeWork() -> (() -> Void)? {
    let now = ContinuousClock.now
    let (choice, late, hasMore) = state.withLock { state -> (Choice, [PendingOperation], Bool) in
      if !state.computed.isEmpty { return (.jobs(state.computed.removeFirst()), [], true) }
      let late = state.queue.removeLate(at: now).compactMap { state.pending.removeValue(forKey: $0) }
      let choice = choose(&state, at: now)
      let hasMore = !state.long.isEmpty || !state.queue.isEmpty || !state.patient.isEmpty
      return (choice, late, hasMore)
    }
    for pending in late {
      metrics.countLate()
      pending.job.drop(DeadlineExceeded())
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
    case .batch(let batch, let members): return { self.compute(batch, members, at: now) }
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
    return .batch(batch, state.members(of: batch))
  }

  private func compute(_ batch: BatchQueue.Batch, _ members: [(PendingOperation, Range<Int>)], at start: ContinuousClock.Instant) {
    for (pending, _) in members { pending.begin(at: start) }
    let values: [Swift.Result<Tensor, any Error>]
    do {
      values = try PreparedOperation.compute(members.map { ($0.prepared, $1) }).map { .success($0) }
    } catch {
      // Whoever can't be answered fails alone.
      values = members.count == 1 ? [.failure(error)] : members.map { member in Swift.Result { try member.0.prepared.compute(member.1) } }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    metrics.observe(batch)

    var done: [PendingOperation] = []
    for ((pending, rows), outcome) in zip(members, values) {
      switch outcome {
      case .success(let values): if pending.deliver(values, of: rows) { done.append(pending) }
      case .failure(let error):
        withdraw(pending)
        pending.job.drop(error)
      }
    }
    // Small answers are written in groups, the first by this lane at once; a large one waits among the long jobs.
    let (own, hasMore): ([Job], Bool) = state.withLock { state in
      state.queue.record(batch, seconds: seconds)
      if batch.urgency == .background { state.runningBackground -= 1 }
      for pending in done { state.pending[pending.id] = nil }
      state.long += done.filter(\.prepared.hasLongAnswer).map(\.job)
      let groups = groups(done.filter { !$0.prepared.hasLongAnswer })
      state.computed += groups.dropFirst()
      return (groups.first ?? [], !state.computed.isEmpty || !state.long.isEmpty)
    }
    if hasMore { lanes.wake(self) }
    Job.run(own)
  }

  /// Answers that are written one after the other and then handed over together, so that those who wait for them are woken once and not one by one:
  /// a wake-up costs about as much as writing a small answer.
  private func groups(_ computed: [PendingOperation]) -> [[Job]] {
    var (groups, room) = ([[Job]](), 0)
    for pending in computed {
      if pending.numbersToWrite > room {
        groups.append([])
        room = policy.numbersWrittenTogether
      }
      groups[groups.count - 1].append(pending.job)
      room -= pending.numbersToWrite
    }
    return groups
  }
}
