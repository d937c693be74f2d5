import Glibc
import Locking
import Synchronization

/// Listens, serves, and stops in good order.
package final class Server: Sendable {
  private let handler: any Handler
  private let listen: [ListenAddress]
  private let secure: [ListenAddress]
  private let identity: TLSIdentity?
  private let limits: Limits
  private let unixMode: UInt32?
  private let isProxy: @Sendable (String) -> Bool
  private let loopCount: Int
  private let refuse: RefusalResponse
  private let onDraining: @Sendable () -> Void
  private let onCrowdGone: @Sendable () -> Void
  private let connections = Atomic<Int>(0)
  /// The most of them since a crowd went.
  private let mostConnections = Atomic<Int>(0)
  private let clients = Protected<[ClientNetwork: Int]>([:])
  private let tokens = Atomic<UInt64>(0)
  private let state = Protected(State())

  private struct State: Sendable {
    var loops: [EventLoop] = []
    var listeners: [Listener] = []
    var nextLoop = 0
    var isDraining = false
    var isStopped = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  /// - Parameters:
  ///   - listen: addresses of plain HTTP.
  ///   - secure: addresses of HTTPS, served as `identity`.
  ///   - unixMode: permissions of socket files; nil leaves them to the umask.
  ///   - isProxy: whether an address is one behind which many clients stand, so that its connections are not bounded as one client's.
  ///   - loops: threads that do I/O and run handlers; connections are dealt out to them in turn.
  ///   - onCrowdGone: called on a loop where of many connections three in four have closed, whose memory nobody may want again.
  package init(
    handler: any Handler, listen: [ListenAddress] = [], secure: [ListenAddress] = [], identity: TLSIdentity? = nil, limits: Limits = Limits(),
    unixMode: UInt32? = nil, isProxy: @escaping @Sendable (String) -> Bool = { _ in false }, loops: Int = 1,
    refuse: @escaping RefusalResponse = Refusal.plainText, onDraining: @escaping @Sendable () -> Void = {},
    onCrowdGone: @escaping @Sendable () -> Void = {}
  ) {
    precondition(loops > 0, "a server needs at least one loop")
    precondition(secure.isEmpty || identity != nil, "HTTPS needs an identity")
    self.handler = handler
    self.listen = listen
    self.secure = secure
    self.identity = identity
    self.limits = limits
    self.unixMode = unixMode
    self.isProxy = isProxy
    loopCount = loops
    self.refuse = refuse
    self.onDraining = onDraining
    self.onCrowdGone = onCrowdGone
  }

  /// True from the moment that `shutdown` is called: readiness is false.
  package var isDraining: Bool { state.withLock { $0.isDraining } }

  /// Connections that are open, or whose handler has not returned yet.
  package var connectionCount: Int { connections.load(ordering: .relaxed) }

  /// Binds every address and begins to serve on threads of its own.
  ///
  /// - Returns: the bound addresses with their real ports: plain ones first, then secure ones, each in the order given.
  @discardableResult
  package func start() throws(ServerError) -> [ListenAddress] {
    var loops: [EventLoop] = []
    var listeners: [Listener] = []
    do {
      for _ in 0..<loopCount { loops.append(try EventLoop(tick: limits.tick)) }
    } catch {
      throw .noResources(error.description)
    }
    for (address, identity) in listen.map({ ($0, nil) }) + secure.map({ ($0, identity) }) {
      let listener = try Listener(address, unixMode: unixMode, token: nextToken(), loop: loops[0]) { [self] descriptor, remote in
        accept(descriptor, from: remote, as: identity)
      }
      listeners.append(listener)
    }
    state.withLock { state in
      precondition(state.loops.isEmpty, "a server is started once")
      state.loops = loops
      state.listeners = listeners
    }
    for (index, loop) in loops.enumerated() { loop.start(named: "http-\(index)") }
    for listener in listeners { loops[0].add(listener) }
    return listeners.map(\.address)
  }

  /// Returns once a shutdown has finished.
  package func run() async {
    await withCheckedContinuation { continuation in
      let isStopped = state.withLock { state in
        if !state.isStopped { state.waiters.append(continuation) }
        return state.isStopped
      }
      if isStopped { continuation.resume() }
    }
  }

  /// Readiness goes false; after `drain`, in which everything is still served, no connection is accepted, idle ones close, requests
  /// under way are finished; after `timeout` the rest is cut.
  package func shutdown(drain: Duration = .zero, timeout: Duration = .seconds(30)) async {
    let isFirst = state.withLock { state in
      defer { state.isDraining = true }
      return !state.isDraining
    }
    guard isFirst else { return await run() }
    onDraining()
    if drain > .zero { await pause(drain) }
    let (loops, listeners) = state.withLock { ($0.loops, $0.listeners) }
    for listener in listeners { loops[0].signal(listener, .drain) }
    while listeners.contains(where: \.isOpen) { await pause(.milliseconds(1)) }
    for loop in loops { loop.signalAll(.drain) }
    await waitForConnections(until: .now + timeout)
    for loop in loops { loop.signalAll(.abort) }
    // A cancelled handler gets a moment to return; one that never does keeps its loop's thread, not the caller.
    await waitForConnections(until: .now + .seconds(1))
    if connectionCount == 0 { for loop in loops { loop.stop() } }
    let waiters = state.withLock { state in
      state.isStopped = true
      state.loops = []
      state.listeners = []
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Lets the process open as many descriptors as the system grants it.
  ///
  /// - Returns: how many those are.
  package static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(descriptors, &limit) == 0 else { return 1024 }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    return Int(clamping: setrlimit(descriptors, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur)
  }

  private func waitForConnections(until end: ContinuousClock.Instant) async {
    while connectionCount > 0, .now < end { await pause(.milliseconds(2)) }
  }

  /// A pause that a cancelled caller does not cut short: stopping in good order is the point.
  private func pause(_ duration: Duration) async {
    await Task.detached { try? await Task.sleep(for: duration) }.value
  }

  private func nextToken() -> UInt64 { tokens.add(1, ordering: .relaxed).newValue }

  private func accept(_ descriptor: Int32, from remote: String, as identity: TLSIdentity?) {
    let client = isProxy((try? ListenAddress(remote))?.host ?? remote) ? nil : ClientNetwork(remote)
    if let refusal = admit(client) { return turnAway(descriptor, isSecure: identity != nil, refusal) }
    let socket: Socket
    do {
      socket = Socket(descriptor: descriptor, tls: try identity?.session(over: descriptor))
    } catch {
      // No memory for a session: like no descriptor, it sheds this connection and no other.
      release(client)
      return Socket(descriptor: descriptor).close()
    }
    let loop = state.withLock { state in
      state.nextLoop = (state.nextLoop + 1) % state.loops.count
      return state.loops[state.nextLoop]
    }
    let service = ConnectionService(handler: handler, limits: limits, refuse: refuse) { [self] in release(client) }
    loop.add(Connection(socket: socket, token: nextToken(), remoteAddress: remote, loop: loop, service: service))
  }

  /// Counts a connection, or says why there is no room for it.
  private func admit(_ client: ClientNetwork?) -> Refusal? {
    let count = connections.add(1, ordering: .relaxed).newValue
    guard count <= limits.connections else {
      connections.subtract(1, ordering: .relaxed)
      return Refusal(.serviceUnavailable, "Too many connections.", headers: ["Retry-After": "1"])
    }
    mostConnections.max(count, ordering: .relaxed)
    guard let client else { return nil }
    let isWithinLimit = clients.withLock { clients in
      guard clients[client, default: 0] < limits.connectionsPerClient else { return false }
      clients[client, default: 0] += 1
      return true
    }
    guard !isWithinLimit else { return nil }
    connections.subtract(1, ordering: .relaxed)
    return Refusal(.tooManyRequests, "Too many connections from one client.", headers: ["Retry-After": "1"])
  }

  private func release(_ client: ClientNetwork?) {
    if let client {
      clients.withLock { clients in
        let rest = clients[client, default: 1] - 1
        clients[client] = rest == 0 ? nil : rest
      }
    }
    let (left, most) = (connections.subtract(1, ordering: .relaxed).newValue, mostConnections.load(ordering: .relaxed))
    guard most >= Self.crowd, left <= most / 4 else { return }
    if mostConnections.compareExchange(expected: most, desired: left, ordering: .relaxed).exchanged { onCrowdGone() }
  }

  /// Connections whose memory is worth giving back.
  private static let crowd = 64

  /// More connections than allowed: an answer that says so, as far as it can be sent without waiting; none under TLS, whose handshake is the
  /// dearest part of a connection.
  private func turnAway(_ descriptor: Int32, isSecure: Bool, _ refusal: Refusal) {
    let socket = Socket(descriptor: descriptor)
    guard !isSecure else { return socket.close() }
    let response = refuse(refusal)
    let bytes: [UInt8] = if case .bytes(let bytes) = response.body { bytes } else { [] }
    let plan = ResponsePlan(framing: .length(bytes.count), sendsBody: true, keepsAlive: false, announcesKeepAlive: false)
    var output = OutputBuffer()
    output.append { wire in
      ResponseEncoder.write(response, plan: plan, date: [], to: &wire)
      wire += bytes
    }
    _ = output.flush(to: socket)
    socket.shutDownWriting()
    socket.close()
  }
}

/// Why a server can't start.
package enum ServerError: Error, Equatable, CustomStringConvertible {
  case unknownHost(ListenAddress, String)
  case cannotListen(ListenAddress, String)
  case noResources(String)

  package var description: String {
    switch self {
    case .unknownHost(let address, let reason): "can't listen on \(address): its host is unknown (\(reason))"
    case .cannotListen(let address, let reason): "can't listen on \(address): \(reason)"
    case .noResources(let reason): "can't start the I/O loop: \(reason)"
    }
  }
}
