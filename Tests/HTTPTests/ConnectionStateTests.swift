import HTTP
import Testing

@Suite("The connection state")
struct ConnectionStateTests {
  private let start = ContinuousClock.now
  private let limits = Limits()

  private func head(_ framing: BodyFraming = .none, version: Version = .http11, keepsAlive: Bool = true, expects: Bool = false) throws -> RequestHead
  {
    var parser = RequestParser()
    parser.feed(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    guard case .head(var head)? = try parser.next() else { throw ParseError.malformedRequestLine }
    head.framing = framing
    head.version = version
    head.wantsKeepAlive = keepsAlive
    head.expectsContinue = expects
    return head
  }

  private func handling(_ head: RequestHead, limits: Limits = Limits()) -> ConnectionState {
    var state = ConnectionState(limits: limits, at: start)
    state.bytesReceived(1, at: start)
    state.headReceived(head, at: start)
    return state
  }

  @Test("waits, receives, handles, and waits again")
  func cycle() throws {
    var state = ConnectionState(limits: limits, at: start)
    #expect(state.phase == .waiting(since: start))
    state.bytesReceived(1, at: start + .seconds(1))
    #expect(state.phase == .receivingHead(since: start + .seconds(1)))
    state.bytesReceived(1, at: start + .seconds(2))
    #expect(state.phase == .receivingHead(since: start + .seconds(1)), "the time for the head runs from its first byte")
    state.headReceived(try head(), at: start + .seconds(3))
    #expect(state.phase == .handling && !state.acceptsRequest)
    let plan = state.responseStarted(.text("hi"), isHead: false, at: start)
    #expect(plan == ResponsePlan(framing: .length(2), sendsBody: true, keepsAlive: true, announcesKeepAlive: false))
    #expect(state.responseFinished(at: start + .seconds(4)) == .nextRequest)
    #expect(state.phase == .waiting(since: start + .seconds(4)))
  }

  @Test("lets time end each phase in its own way")
  func times() throws {
    var shaking = ConnectionState(limits: limits, isSecure: true, at: start)
    #expect(shaking.isHandshaking && !shaking.acceptsRequest)
    #expect(shaking.tick(at: start + limits.handshakeTime - .nanoseconds(1)) == .nothing)
    #expect(shaking.tick(at: start + limits.handshakeTime) == .close)
    var silent = ConnectionState(limits: limits, isSecure: true, at: start)
    silent.handshakeFinished(at: start + .seconds(1))
    #expect(silent.tick(at: start + .seconds(1) + limits.firstByteTime - .nanoseconds(1)) == .nothing)
    #expect(silent.tick(at: start + .seconds(1) + limits.firstByteTime) == .close)
    var idle = handling(try head())
    _ = idle.responseStarted(.text(""), isHead: false, at: start)
    #expect(idle.responseFinished(at: start) == .nextRequest)
    #expect(idle.tick(at: start + limits.idle - .nanoseconds(1)) == .nothing)
    #expect(idle.tick(at: start + limits.idle) == .close)
    var slow = ConnectionState(limits: limits, at: start)
    slow.bytesReceived(1, at: start)
    #expect(slow.tick(at: start + limits.headerTime - .nanoseconds(1)) == .nothing)
    guard case .refuse(let refusal) = slow.tick(at: start + limits.headerTime) else { return #expect(Bool(false), "no refusal") }
    #expect(refusal.status == .requestTimeout)
    #expect(slow.tick(at: start + limits.headerTime + limits.linger) == .close)
    var busy = handling(try head())
    #expect(busy.tick(at: start + .seconds(100_000)) == .nothing, "a handler takes the time that it takes")
    busy.writeBlocked(at: start)
    busy.writeProgressed(1_000_000, at: start + .seconds(5))
    busy.writeBlocked(at: start + .seconds(9))
    #expect(busy.tick(at: start + .seconds(5) + limits.writeStall - .nanoseconds(1)) == .nothing)
    #expect(busy.tick(at: start + .seconds(5) + limits.writeStall) == .close)
    #expect(busy.isClosed)
  }

  @Test("counts a body's silence only while the handler waits for it")
  func bodySilence() throws {
    var state = handling(try head(.length(100)))
    #expect(state.tick(at: start + .seconds(1000)) == .nothing)
    #expect(state.bodyWanted(at: start + .seconds(1000)) == .nothing)
    state.bytesReceived(1, at: start + .seconds(1010))
    state.bodyReceived(10, at: start + .seconds(1010))
    #expect(state.body == .incomplete(remaining: 90))
    #expect(state.tick(at: start + .seconds(1100)) == .nothing)
    _ = state.bodyWanted(at: start + .seconds(1100))
    #expect(state.tick(at: start + .seconds(1100) + limits.bodyInactivity) == .failBody)
    #expect(state.body == .failed(.timedOut))
    #expect(!state.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
    #expect(state.responseFinished(at: start) == .linger)
  }

  @Test("fails a body that drips, whenever it begins to, and not one that is merely slow", arguments: [0, 10_000_000])
  func slowBody(head start: Int) throws {
    func tick(bytesPerSecond rate: Int, seconds: Int) throws -> ConnectionState.Action {
      var state = handling(try head(.length(.max)))
      _ = state.bodyWanted(at: self.start)
      state.bytesReceived(start, at: self.start)
      for second in 1...seconds {
        let now = self.start + .seconds(second)
        state.bytesReceived(rate, at: now)
        state.bodyReceived(rate, at: now)
        _ = state.bodyWanted(at: now)
        if case .failBody = state.tick(at: now) { return .failBody }
      }
      return .nothing
    }
    #expect(try tick(bytesPerSecond: limits.minimumRate, seconds: 1000) == .nothing)
    #expect(try tick(bytesPerSecond: limits.minimumRate - 10, seconds: 1000) == .failBody)
  }

  @Test("drops a client that sips at its answer")
  func slowRead() throws {
    func end(bytesPerSecond rate: Int) throws -> ConnectionState {
      var state = handling(try head())
      state.writeBlocked(at: start)
      for second in 1...100 where !state.isClosed {
        state.writeProgressed(rate, at: start + .seconds(second))
        _ = state.tick(at: start + .seconds(second))
      }
      return state
    }
    #expect(try !end(bytesPerSecond: limits.minimumRate).isClosed)
    #expect(try end(bytesPerSecond: limits.minimumRate - 10).isClosed)
  }

  @Test("gives an unread body one stretch of time, however it drips")
  func slowDiscard() throws {
    var state = handling(try head(.length(1000)))
    _ = state.responseStarted(.text(""), isHead: false, at: start)
    #expect(state.responseFinished(at: start) == .discard)
    state.bytesReceived(1, at: start + limits.bodyInactivity - .nanoseconds(1))
    #expect(state.tick(at: start + limits.bodyInactivity) == .close)
  }

  @Test("owes 100 Continue until the body is wanted, has begun, or is answered")
  func continues() throws {
    var reading = handling(try head(.length(2), expects: true))
    #expect(reading.bodyWanted(at: start) == .sendContinue)
    #expect(reading.bodyWanted(at: start) == .nothing)
    var early = handling(try head(.length(2), expects: true))
    early.bodyReceived(1, at: start)
    #expect(early.bodyWanted(at: start) == .nothing)
    var refusing = handling(try head(.length(2), expects: true))
    #expect(!refusing.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
    #expect(refusing.bodyWanted(at: start) == .nothing)
    var bodiless = handling(try head(.none, expects: true))
    #expect(bodiless.bodyWanted(at: start) == .nothing)
    #expect(bodiless.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
  }

  @Test("reads past a small unread body, closes before a large or endless one")
  func unreadBodies() throws {
    var small = handling(try head(.length(limits.discardBytes)))
    #expect(small.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
    #expect(small.responseFinished(at: start) == .discard)
    small.bytesReceived(1, at: start)
    small.bodyReceived(limits.discardBytes, at: start)
    #expect(small.bodyEnded(at: start) == .nextRequest)
    for framing in [BodyFraming.length(limits.discardBytes + 1), .chunked] {
      var state = handling(try head(framing))
      #expect(!state.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
      #expect(state.responseFinished(at: start) == .linger)
    }
  }

  @Test("chooses the framing that the version and the status allow")
  func framing() throws {
    let stream = Response(body: .stream(length: nil) { _ in })
    var new = handling(try head())
    #expect(new.responseStarted(stream, isHead: false, at: start).framing == .chunked)
    var old = handling(try head(version: .http10))
    let plan = old.responseStarted(stream, isHead: false, at: start)
    #expect(plan.framing == .untilClose && !plan.keepsAlive)
    for status in [Status.noContent, .notModified] {
      var state = handling(try head())
      let plan = state.responseStarted(Response(status, body: .bytes([1])), isHead: false, at: start)
      #expect(plan.framing == .none && !plan.sendsBody && plan.keepsAlive)
    }
    var toHead = handling(try head())
    let headPlan = toHead.responseStarted(.text("hello"), isHead: true, at: start)
    #expect(headPlan.framing == .length(5) && !headPlan.sendsBody)
  }

  @Test("refuses what is not HTTP between requests, fails the body within one")
  func parseErrors() throws {
    var between = ConnectionState(limits: limits, at: start)
    #expect(between.parsingFailed(.bareLineFeed, at: start) == .refuse(ParseError.bareLineFeed.refusal))
    #expect(between.phase == .lingering(since: start) && !between.acceptsRequest)
    var within = handling(try head(.chunked))
    #expect(within.parsingFailed(.invalidChunkSize, at: start) == .failBody)
    #expect(within.body == .failed(.malformed(.invalidChunkSize)))
    #expect(!within.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
  }

  @Test("answers whole requests of a peer that sends no more, fails half a one")
  func peerEnds() throws {
    var waiting = ConnectionState(limits: limits, at: start)
    #expect(waiting.peerEnded(at: start) == .close)
    var state = handling(try head(.length(5)))
    #expect(state.peerEnded(at: start) == .failBody)
    #expect(state.body == .failed(.disconnected))
    #expect(!state.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
    #expect(state.responseFinished(at: start) == .linger)
    var whole = handling(try head())
    whole.peerAnnouncedEnd()
    #expect(whole.responseStarted(.text(""), isHead: false, at: start).keepsAlive, "another whole request may be there already")
    #expect(whole.responseFinished(at: start) == .nextRequest)
    #expect(whole.peerEnded(at: start) == .close)
  }

  @Test("asks a peer that sends no more once whether it is there: after a while, in HTTP/1.1, before the answer")
  func probes() throws {
    var state = handling(try head())
    #expect(state.tick(at: start) == .nothing)
    state.peerAnnouncedEnd()
    #expect(state.tick(at: start) == .sendContinue)
    #expect(state.tick(at: start) == .nothing)
    var old = handling(try head(version: .http10))
    old.peerAnnouncedEnd()
    #expect(old.tick(at: start) == .nothing)
    var answering = handling(try head())
    answering.peerAnnouncedEnd()
    _ = answering.responseStarted(.text(""), isHead: false, at: start)
    #expect(answering.tick(at: start) == .nothing)
    var uploading = handling(try head(.length(5)))
    uploading.peerAnnouncedEnd()
    #expect(uploading.tick(at: start) == .nothing)
    answering.headReceived(try head(), at: start)
    #expect(answering.tick(at: start) == .sendContinue, "each request is asked for by itself")
  }

  @Test("when draining closes what waits, finishes what runs or has arrived")
  func drains() throws {
    var waiting = ConnectionState(limits: limits, at: start)
    #expect(waiting.drain(hasInput: false) == .close)
    var arrived = ConnectionState(limits: limits, at: start)
    #expect(arrived.drain(hasInput: true) == .nothing)
    #expect(arrived.inputExhausted() == .close)
    var running = handling(try head())
    #expect(running.drain(hasInput: false) == .nothing)
    #expect(running.inputExhausted() == .nothing)
    #expect(!running.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
    #expect(running.responseFinished(at: start) == .linger)
  }

  @Test("closes after the last request that a connection may have")
  func requestLimit() throws {
    var limits = Limits()
    limits.requestsPerConnection = 1
    var state = handling(try head(), limits: limits)
    #expect(!state.responseStarted(.text(""), isHead: false, at: start).keepsAlive)
  }
}
