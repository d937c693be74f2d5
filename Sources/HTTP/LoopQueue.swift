import CEpoll
import Glibc
import Locking
import Synchronization

/// Work for a loop's thread, from that thread or any other; an eventfd wakes the loop only when it sleeps.
final class LoopQueue: Sendable {
  enum Work: Sendable {
    case task(UnownedJob)
    case isolated(UnownedJob)
    case source(any EventSource, LoopSignal)
    case everySource(LoopSignal)
    case stop
  }

  private struct State: Sendable {
    var work: [Work] = []
    var isAsleep = false
  }

  let wakeDescriptor: Int32
  private let state = Protected(State())
  private let thread = Atomic<UInt>(0)

  init() throws(Errno) {
    wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    guard wakeDescriptor >= 0 else { throw Errno() }
  }

  deinit { close(wakeDescriptor) }

  var isCurrentThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  func adoptCurrentThread() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

  func add(_ work: Work) {
    let wakes = state.withLock { state in
      state.work.append(work)
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if wakes {
      // Can only fail when the counter is full, and then the loop is being woken already.
      var one: UInt64 = 1
      _ = write(wakeDescriptor, &one, 8)
    }
  }

  /// Whether the loop may sleep: whoever adds work from now on wakes it.
  func mayWait() -> Bool {
    state.withLock { state in
      state.isAsleep = state.work.isEmpty
      return state.isAsleep
    }
  }

  func didWait() { state.withLock { $0.isAsleep = false } }

  func clearWake() {
    var count: UInt64 = 0
    _ = read(wakeDescriptor, &count, 8)
  }

  func takeAll() -> [Work] {
    state.withLock { state in
      defer { state.work = [] }
      return state.work
    }
  }
}

/// The serial executor of the actors that live on a loop.
final class LoopIsolation: SerialExecutor {
  private let queue: LoopQueue

  init(_ queue: LoopQueue) { self.queue = queue }

  func enqueue(_ job: consuming ExecutorJob) { queue.add(.isolated(UnownedJob(job))) }

  func checkIsolated() { precondition(queue.isCurrentThread, "not on the loop's thread") }

  func isIsolatingCurrentContext() -> Bool? { queue.isCurrentThread }
}
