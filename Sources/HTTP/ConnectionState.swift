/// What a connection may do next: a value without sockets or clocks, told what happened and when, answering with what to do.
///
///   (handshaking)
///        ▼
///     waiting ─► receivingHead ─► handling ─► (discarding) ─► waiting ...
///        │             │             │             │
///        └─► closed ◄──┴─ lingering ◄┴─────────────┘
package struct ConnectionState: Equatable, Sendable {
  package typealias Instant = ContinuousClock.Instant

  package enum Phase: Equatable, Sendable {
    /// TLS is being agreed on.
    case handshaking(since: Instant)
    /// Between requests, with nothing received.
    case waiting(since: Instant)
    case receivingHead(since: Instant)
    /// A request is with the handler, or its answer is on the way.
    case handling
    /// The answer is sent; the rest of the request's body is read and dropped.
    case discarding(since: Instant)
    /// The last answer is sent and the write side shut; the client may still be sending.
    case lingering(since: Instant)
    case closed
  }

  /// The request body's progress while handling.
  package enum Body: Equatable, Sendable {
    case complete
    /// `remaining` is nil when chunked.
    case incomplete(remaining: Int?)
    case failed(BodyError)
  }

  package enum Action: Equatable, Sendable {
    case nothing
    /// Write `100 Continue` and read.
    case sendContinue
    /// Answer with this, then linger.
    case refuse(Refusal)
    /// Wake the handler that waits for the body: it fails.
    case failBody
    /// Take the next request, which may have been received already.
    case nextRequest
    case discard
    case linger
    case close
  }

  package private(set) var phase: Phase
  package private(set) var body = Body.complete
  package private(set) var isDraining = false
  private let limits: Limits
  /// Requests so far; the number of the one that is being handled.
  package private(set) var requests = 0
  private var version = Version.http11
  private var wantsKeepAlive = true
  private var owesContinue = false
  private var bodyPace = Pace()
  private var writePace = Pace()
  private var keepsAlive = true
  private var hasAnswerBegun = false
  /// The peer's end was announced; it may be gone, or have shut its sending side alone and still wait for answers (RFC 9112 §9.6).
  package private(set) var hasPeerEnded = false
  private var hasProbed = false

  package init(limits: Limits, isSecure: Bool = false, at now: Instant) {
    self.limits = limits
    phase = isSecure ? .handshaking(since: now) : .waiting(since: now)
  }

  package var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  /// Whether another request may be read.
  package var acceptsRequest: Bool {
    switch phase {
    case .waiting, .receivingHead: true
    case .handshaking, .handling, .discarding, .lingering, .closed: false
    }
  }

  package var isHandshaking: Bool {
    if case .handshaking = phase { true } else { false }
  }

  // MARK: Reading

  package mutating func handshakeFinished(at now: Instant) {
    if case .handshaking = phase { phase = .waiting(since: now) }
  }

  /// The alert that says why is on its way; like an answer it must not be lost to a reset.
  package mutating func handshakeFailed(at now: Instant) -> Action { startLingering(at: now) }

  package mutating func bytesReceived(_ count: Int, at now: Instant) {
    switch phase {
    case .waiting: phase = .receivingHead(since: now)
    case .handshaking, .receivingHead, .discarding, .lingering, .closed: break
    case .handling: bodyPace.moved(count, at: now)
    }
  }

  package mutating func headReceived(_ head: RequestHead, at now: Instant) {
    phase = .handling
    requests += 1
    bodyPace = Pace()
    version = head.version
    wantsKeepAlive = head.wantsKeepAlive
    owesContinue = head.expectsContinue
    hasAnswerBegun = false
    hasProbed = false
    switch head.framing {
    case .none, .length(0):
      body = .complete
      owesContinue = false
    case .length(let length): body = .incomplete(remaining: length)
    case .chunked: body = .incomplete(remaining: nil)
    }
  }

  /// The handler asks for body bytes that have not come (RFC 9110 §10.1.1: 100 only then).
  package mutating func bodyWanted(at now: Instant) -> Action {
    guard case .incomplete = body else { return .nothing }
    bodyPace.startWaiting(at: now)
    guard owesContinue else { return .nothing }
    owesContinue = false
    return .sendContinue
  }

  package mutating func bodyReceived(_ count: Int, at now: Instant) {
    bodyPace.stopWaiting(at: now)
    owesContinue = false  // RFC 9110 §10.1.1: the client went ahead without it
    if case .incomplete(let remaining?) = body { body = .incomplete(remaining: remaining - count) }
  }

  package mutating func bodyEnded(at now: Instant) -> Action {
    bodyPace.stopWaiting(at: now)
    owesContinue = false
    if case .incomplete = body { body = .complete }
    guard case .discarding = phase else { return .nothing }
    return startWaiting(at: now)
  }

  /// The bytes are not HTTP; nothing after them can be trusted (RFC 9112 §9.2).
  package mutating func parsingFailed(_ error: ParseError, at now: Instant) -> Action {
    switch phase {
    case .waiting, .receivingHead:
      phase = .lingering(since: now)
      return .refuse(error.refusal)
    case .handling: return bodyFailed(.malformed(error), at: now)
    case .discarding: return startLingering(at: now)
    case .handshaking, .lingering, .closed: return .nothing
    }
  }

  /// The system says that the peer sends no more than what is still to be read.
  package mutating func peerAnnouncedEnd() { hasPeerEnded = true }

  /// Everything that the peer sent has been read. Whole requests are answered all the same; half a one fails.
  package mutating func peerEnded(at now: Instant) -> Action {
    hasPeerEnded = true
    switch phase {
    case .handshaking, .waiting, .receivingHead, .discarding, .lingering: return close()
    case .handling:
      guard case .incomplete = body else { return .nothing }
      return bodyFailed(.disconnected, at: now)
    case .closed: return .nothing
    }
  }

  private mutating func bodyFailed(_ error: BodyError, at now: Instant) -> Action {
    body = .failed(error)
    bodyPace.stopWaiting(at: now)
    wantsKeepAlive = false
    return .failBody
  }

  /// The socket has nothing more for now.
  package mutating func inputExhausted() -> Action {
    guard isDraining, case .waiting = phase else { return .nothing }
    return close()
  }

  // MARK: Answering

  /// Decides framing and persistence of an answer (RFC 9112 §6.3, §9.3).
  package mutating func responseStarted(_ response: Response, isHead: Bool, at now: Instant) -> ResponsePlan {
    keepsAlive = wantsKeepAlive && !isDraining && requests < limits.requestsPerConnection && canReachEndOfBody
    var framing: ResponsePlan.Framing
    switch response.body {
    case .empty: framing = .length(0)
    case .bytes(let bytes): framing = .length(bytes.count)
    case .stream(let length?, _): framing = .length(length)
    case .stream(nil, _): framing = version == .http11 ? .chunked : .untilClose
    }
    if !response.status.allowsBody { framing = .none }
    if framing == .untilClose { keepsAlive = false }
    owesContinue = false  // an answer under way is not interrupted by 100
    hasAnswerBegun = true
    return ResponsePlan(
      framing: framing, sendsBody: response.status.allowsBody && !isHead, keepsAlive: keepsAlive, announcesKeepAlive: version == .http10)
  }

  /// A body that the handler left unread: skipped when that is cheap and sure to come.
  private var canReachEndOfBody: Bool {
    switch body {
    case .complete: true
    case .incomplete(let remaining?): remaining <= limits.discardBytes && !owesContinue
    case .incomplete(nil), .failed: false
    }
  }

  /// The answer waits for the client to take more.
  package mutating func writeBlocked(at now: Instant) { writePace.startWaiting(at: now) }

  package mutating func writeProgressed(_ count: Int, at now: Instant) { writePace.moved(count, at: now) }

  package mutating func writeDrained(at now: Instant) { writePace.stopWaiting(at: now) }

  package var isWriteBlocked: Bool { writePace.since != nil }

  /// The answer is with the kernel.
  package mutating func responseFinished(at now: Instant) -> Action {
    guard case .handling = phase else { return .close }
    switch body {
    case .complete: return keepsAlive ? startWaiting(at: now) : startLingering(at: now)
    case .incomplete where keepsAlive:
      phase = .discarding(since: now)
      return .discard
    case .incomplete, .failed: return startLingering(at: now)
    }
  }

  /// The answer broke off: only a cut connection tells the client.
  package mutating func responseFailed() -> Action { close() }

  private mutating func startWaiting(at now: Instant) -> Action {
    guard !isDraining else { return startLingering(at: now) }
    phase = .waiting(since: now)
    return .nextRequest
  }

  private mutating func startLingering(at now: Instant) -> Action {
    phase = .lingering(since: now)
    return .linger
  }

  // MARK: Time and life

  package mutating func tick(at now: Instant) -> Action {
    func isOver(_ since: Instant?, _ limit: Duration) -> Bool { since.map { now - $0 >= limit } ?? false }
    if isOver(writePace.since, limits.writeStall) || writePace.isTooSlow(rate: limits.minimumRate, window: limits.rateWindow, at: now) {
      return close()
    }
    switch phase {
    case .handshaking(let since): return isOver(since, limits.handshakeTime) ? close() : .nothing
    case .waiting(let since): return isOver(since, requests == 0 ? limits.firstByteTime : limits.idle) ? close() : .nothing
    case .receivingHead(let since):
      guard isOver(since, limits.headerTime) else { return .nothing }
      phase = .lingering(since: now)
      return .refuse(Refusal(.requestTimeout, "The request's header section took too long to arrive."))
    case .handling:
      let isTooSlow = bodyPace.isTooSlow(rate: limits.minimumRate, window: limits.rateWindow, at: now)
      if isTooSlow || isOver(bodyPace.since, limits.bodyInactivity) { return bodyFailed(.timedOut, at: now) }
      return probe()
    case .discarding(let since): return isOver(since, limits.bodyInactivity) ? close() : .nothing
    case .lingering(let since): return isOver(since, limits.linger) ? close() : .nothing
    case .closed: return .nothing
    }
  }

  /// TCP says the same of a peer that shut its sending side and of one that is gone, until something is sent: then the one reads on, the other
  /// resets the connection. An interim answer asks without harm; clients skip it (RFC 9110 §15.2), HTTP/1.0 has none.
  private mutating func probe() -> Action {
    guard hasPeerEnded, !hasProbed, !hasAnswerBegun, version == .http11, body == .complete else { return .nothing }
    hasProbed = true
    return .sendContinue
  }

  /// The server stops: requests under way, and those that have arrived (`hasInput`), are finished; none is waited for.
  package mutating func drain(hasInput: Bool) -> Action {
    isDraining = true
    switch phase {
    case .handshaking: return close()
    case .waiting: return hasInput ? .nothing : close()
    case .receivingHead, .handling, .discarding, .lingering, .closed: return .nothing
    }
  }

  package mutating func close() -> Action {
    phase = .closed
    return .close
  }
}
