internal import CEpoll
internal import Foundation
internal import Glibc

/// Sends requests over many connections from one thread and notes when the answers are there.
package final class LoadGenerator {
  private let plan: LoadPlan
  private let address: SocketAddress
  private let poll: Poll
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)

  private var connections: [ClientConnection]
  /// Connections without a request, the one that rested longest first.
  private var idle = Queue<Int>()
  /// Times at which requests should have been sent that found no connection.
  private var overdue = Queue<Int>()
  private var arrivals: PoissonArrivals?
  private var nextArrival = Int.max
  private var nextRequest = 0
  /// The first body that each request was answered with.
  private var bodies: [[UInt8]?]

  private var start = 0
  private var nextTick = 0
  private var windowStart = 0
  /// False while the server warms up.
  private var isMeasuring = false
  private var window = LoadWindow(length: 0)
  private var windows: [LoadWindow] = []

  /// How often timeouts are looked for and failed connections opened again: nanoseconds.
  private static let tick = 50_000_000

  private init(_ plan: LoadPlan) throws {
    self.plan = plan
    address = try plan.destination.resolve()
    poll = try Poll()
    connections = (0..<plan.connections).map { ClientConnection(index: $0) }
    bodies = Array(repeating: nil, count: plan.requests.count)
  }

  deinit {
    for index in connections.indices { connections[index].close() }
  }

  /// Makes the load on a thread of its own.
  /// - Parameter onWindow: called on that thread after each window.
  package static func run(_ plan: LoadPlan, onWindow: @escaping @Sendable (LoadWindow) -> Void = { _ in }) async throws -> LoadResult {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        continuation.resume(
          with: Result { try LoadGenerator(plan).run(onWindow) })
      }
      thread.name = "load"
      thread.start()
    }
  }

  private func run(_ onWindow: (LoadWindow) -> Void) throws -> LoadResult {
    start = Monotonic.now
    (windowStart, nextTick) = (start, start + Self.tick)
    if case .poisson(let rate, let seed) = plan.arrivals {
      arrivals = PoissonArrivals(rate: rate, seed: seed)
      nextArrival = start + (arrivals?.next() ?? 0)
    }
    for index in connections.indices { open(index, at: start) }
    var processorTime = Monotonic.threadTime
    while true {
      for event in try poll.wait(until: deadline) {
        if let index = event.token { handle(index, event) }
      }
      let now = Monotonic.now
      takeArrivals(at: now)
      if now >= nextTick { lookAround(at: now) }
      guard now >= windowStart + length else { continue }
      if isMeasuring {
        window.length = now - windowStart
        windows.append(window)
        onWindow(window)
        let isStable = StablePoint.isReached(windows, tolerance: plan.tolerance, hasRandomArrivals: arrivals != nil)
        if isStable || windows.count >= plan.windows {
          return LoadResult(
            windows: windows, isStable: isStable, unanswered: overdue.count + connections.count { $0.state == .waiting },
            generatorShare: Double(Monotonic.threadTime - processorTime) / Double(windows.reduce(0) { $0 + $1.length }))
        }
      } else {
        isMeasuring = true
        processorTime = Monotonic.threadTime
      }
      windowStart = now
      window = LoadWindow(length: 0)
    }
  }

  private var length: Int { (isMeasuring ? plan.window : plan.warmUp).nanoseconds }

  private var deadline: Int { min(nextTick, windowStart + length, idle.isEmpty ? .max : nextArrival) }

  // MARK: - Requests

  private func takeArrivals(at now: Int) {
    while nextArrival <= now {
      overdue.append(nextArrival)
      nextArrival = arrivals?.next().map { start + $0 } ?? .max
    }
    while !idle.isEmpty, let intended = overdue.popFirst(), let index = idle.popFirst() { send(index, intended: intended, at: now) }
  }

  private func becomeIdle(_ index: Int) {
    let now = Monotonic.now
    if arrivals == nil {
      send(index, intended: now, at: now)
    } else if let intended = overdue.popFirst() {
      send(index, intended: intended, at: now)
    } else {
      idle.append(index)
    }
  }

  private func send(_ index: Int, intended: Int, at now: Int) {
    connections[index].assign(nextRequest, expecting: bodies[nextRequest], intended: intended, at: now)
    nextRequest = (nextRequest + 1) % plan.requests.count
    goOnSending(index, watchesWriting: false)
  }

  private func goOnSending(_ index: Int, watchesWriting: Bool) {
    do {
      let isSent = try connections[index].send(plan.requests[connections[index].request].bytes)
      if isSent == watchesWriting { try poll.change(connections[index].descriptor, token: index, writing: !isSent) }
    } catch {
      fail(index, "\(error)")
    }
  }

  // MARK: - Connections

  private func open(_ index: Int, at now: Int) {
    do {
      try connections[index].open(address, at: now)
      try poll.add(connections[index].descriptor, token: index)
    } catch {
      fail(index, "\(error)")
    }
  }

  private func handle(_ index: Int, _ event: Poll.Event) {
    do {
      switch connections[index].state {
      case .closed: return
      case .connecting:
        guard event.isWritable || event.isBroken else { return }
        try connections[index].didConnect()
        try poll.change(connections[index].descriptor, token: index, writing: false)
        becomeIdle(index)
      case .idle, .waiting:
        if event.isWritable { goOnSending(index, watchesWriting: true) }
        if event.isReadable || event.isBroken, try buffer.withUnsafeMutableBytes({ try connections[index].receive(into: $0) }) {
          finish(index)
        }
      }
    } catch {
      fail(index, "\(error)")
    }
  }

  private func finish(_ index: Int) {
    let now = Monotonic.now
    let (request, latency) = (connections[index].request, now - connections[index].intended)
    let answer = connections[index].finish()
    let isSuccess = (200..<300).contains(answer.status)
    var differs = answer.differs
    if isSuccess, let body = answer.body {
      if let first = bodies[request] { differs = first != body } else { bodies[request] = body }
    }
    if isMeasuring {
      window.statuses[answer.status, default: 0] += 1
      window.bytes += answer.byteCount
      if isSuccess {
        window.latencies.record(latency)
        if differs { window.differing += 1 }
      }
    }
    if answer.keepsAlive { return becomeIdle(index) }
    connections[index].close()
    open(index, at: now)
  }

  /// Lets a connection go. One that rested is no failure: servers end those after a while.
  private func fail(_ index: Int, _ reason: String) {
    let wasIdle = connections[index].state == .idle
    connections[index].close()
    if wasIdle {
      idle.removeAll { $0 == index }
    } else if isMeasuring {
      window.failures[reason, default: 0] += 1
    }
  }

  private func lookAround(at now: Int) {
    nextTick = now + Self.tick
    let limit = plan.timeout.nanoseconds
    for index in connections.indices {
      switch connections[index].state {
      case .closed: open(index, at: now)
      case .connecting, .waiting: if now - connections[index].since > limit { fail(index, "no answer within \(plan.timeout)") }
      case .idle: break
      }
    }
  }
}

/// What a load generator saw.
package struct LoadResult: Sendable, Equatable {
  package let windows: [LoadWindow]
  /// Whether the last windows agree.
  package let isStable: Bool
  /// Requests that were due or under way when measuring stopped.
  package let unanswered: Int
  /// Processor time of the generator's thread over the time measured: near 1 it measures itself.
  package let generatorShare: Double

  package init(windows: [LoadWindow], isStable: Bool, unanswered: Int, generatorShare: Double) {
    self.windows = windows
    self.isStable = isStable
    self.unanswered = unanswered
    self.generatorShare = generatorShare
  }

  /// The windows that the stable point is made of, together; without one the last few all the same.
  package var last: LoadWindow {
    windows.suffix(StablePoint.windows).reduce(into: LoadWindow(length: 0)) { $0.merge($1) }
  }
}
