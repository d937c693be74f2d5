import CEpoll
import Foundation
import Glibc
import Locking

/// One thread that waits for sockets with epoll and runs Swift tasks in between, so that a handler answers without changing threads.
///
/// As a `TaskExecutor` it runs a connection's task; its `isolation` is the executor of the connection actors. Both share one queue.
final class EventLoop: TaskExecutor {
  let isolation: LoopIsolation
  private let queue: LoopQueue
  private let epoll: Int32
  private let tick: Duration
  private let clock = DateClock()
  private let sources = Protected<[UInt64: any EventSource]>([:])

  /// - Throws: the errno of what could not be created.
  init(tick: Duration) throws(Errno) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw Errno() }
    queue = try LoopQueue()
    isolation = LoopIsolation(queue)
    self.tick = tick
    try Self.control(epoll, EPOLL_CTL_ADD, queue.wakeDescriptor, token: 0, events: EPOLLIN.rawValue)
  }

  deinit { close(epoll) }

  /// The `Date` field of an answer that is sent now.
  var date: [UInt8] { clock.field }

  func enqueue(_ job: consuming ExecutorJob) { queue.add(.task(UnownedJob(job))) }

  /// Starts the thread; it ends, and lets go of everything, at `stop`.
  func start(named name: String) {
    let thread = Thread { self.run() }
    thread.name = name
    thread.start()
  }

  func stop() { queue.add(.stop) }

  /// Watches a descriptor, edge-triggered: `source.start()` runs on the loop, then `ready` at every change.
  func add(_ source: any EventSource) { queue.add(.source(source, .start)) }

  /// Called on the loop, before the descriptor is closed.
  func remove(_ source: any EventSource) {
    sources.withLock { _ = $0.removeValue(forKey: source.token) }
    // The descriptor leaves epoll's set when it is closed.
  }

  /// Tells one source, on the loop.
  func signal(_ source: any EventSource, _ signal: LoopSignal) { queue.add(.source(source, signal)) }

  /// Tells every source that is watched by the time the loop comes to it.
  func signalAll(_ signal: LoopSignal) { queue.add(.everySource(signal)) }

  private func run() {
    queue.adoptCurrentThread()
    let period = Int32(tick / .milliseconds(1))
    var nextTick = ContinuousClock.now + tick
    var events = [epoll_event](repeating: epoll_event(), count: 256)
    while true {
      let timeout: Int32 = queue.mayWait() ? (sources.withLock { $0.isEmpty } ? -1 : period) : 0
      let count = epoll_wait(epoll, &events, Int32(events.count), timeout)
      queue.didWait()
      for event in events.prefix(max(0, Int(count))) { dispatch(event) }
      let now = ContinuousClock.now
      if now >= nextTick {
        nextTick = now + tick
        tellAll(.tick)
      }
      guard runQueued() else { return }
    }
  }

  private func dispatch(_ event: epoll_event) {
    let token = event.data.u64
    guard token != 0 else { return queue.clearWake() }
    guard let source = sources.withLock({ $0[token] }) else { return }
    source.ready(PollEvents(rawValue: event.events))
  }

  /// Runs what was queued so far; false once told to stop.
  private func runQueued() -> Bool {
    var goesOn = true
    for work in queue.takeAll() {
      switch work {
      case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .isolated(let job): job.runSynchronously(isolatedTo: isolation.asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      case .source(let source, .start): begin(source)
      case .source(let source, let signal): source.signal(signal)
      case .everySource(let signal): tellAll(signal)
      case .stop: goesOn = false
      }
    }
    return goesOn
  }

  private func tellAll(_ signal: LoopSignal) {
    for source in sources.withLock({ Array($0.values) }) { source.signal(signal) }
  }

  private func begin(_ source: any EventSource) {
    sources.withLock { $0[source.token] = source }
    let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
    do {
      try Self.control(epoll, EPOLL_CTL_ADD, source.descriptor, token: source.token, events: events)
      source.signal(.start)
    } catch {
      source.signal(.abort)
    }
  }

  private static func control(_ epoll: Int32, _ operation: Int32, _ descriptor: Int32, token: UInt64, events: UInt32) throws(Errno) {
    var event = epoll_event()
    event.events = events
    event.data.u64 = token
    guard epoll_ctl(epoll, operation, descriptor, &event) == 0 else { throw Errno() }
  }
}

/// What epoll watches: called on the loop's thread only.
protocol EventSource: AnyObject, Sendable {
  var descriptor: Int32 { get }
  /// Unique for the life of the process and never 0, so that an event for a closed descriptor can't reach its successor.
  var token: UInt64 { get }
  func ready(_ events: PollEvents)
  func signal(_ signal: LoopSignal)
}

enum LoopSignal: Sendable, Equatable {
  /// The source is watched now.
  case start
  /// Time has passed.
  case tick
  /// What was left to be sent goes out.
  case flush
  /// Finish what is under way, begin nothing new.
  case drain
  /// Let go at once.
  case abort
}

struct PollEvents: OptionSet, Sendable {
  let rawValue: UInt32
  static let readable = PollEvents(rawValue: EPOLLIN.rawValue)
  static let writable = PollEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer sends no more.
  static let ended = PollEvents(rawValue: EPOLLRDHUP.rawValue)
  /// The connection is gone in both directions.
  static let broken = PollEvents(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
}

/// The number and words of a failed system call.
struct Errno: Error, Sendable, Equatable, CustomStringConvertible {
  let code: Int32

  init(_ code: Int32 = errno) { self.code = code }

  var description: String { String(cString: strerror(code)) }
}
