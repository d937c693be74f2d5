import Synchronization

/// One client: an actor that lives on its loop's thread. Its task reads a request, asks the handler, writes the answer, and again.
///
/// Everything is pulled: the socket is read only when the task wants a request or the handler wants body bytes, so a slow handler
/// slows its client and memory stays bounded. What may happen when is decided by `ConnectionState`.
actor Connection: EventSource {
  nonisolated let descriptor: Int32
  nonisolated let token: UInt64
  private nonisolated let remoteAddress: String
  private nonisolated let loop: EventLoop
  private nonisolated let service: ConnectionService
  private let socket: Socket
  private var parser: RequestParser
  private var state: ConnectionState
  private var output = OutputBuffer()
  private var task: Task<Void, Never>?
  /// The socket may have bytes that were not read, or room that was not filled (edge-triggered: the loop says so once).
  private var isReadable = true
  /// Who waits for the socket; each is taken out as it is resumed, so exactly once.
  private var readers: [UnsafeContinuation<Void, Never>] = []
  private var writers: [UnsafeContinuation<Void, Never>] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.isolation.asUnownedSerialExecutor() }

  init(socket: Socket, token: UInt64, remoteAddress: String, loop: EventLoop, service: ConnectionService) {
    self.socket = socket
    descriptor = socket.descriptor
    self.token = token
    self.remoteAddress = remoteAddress
    self.loop = loop
    self.service = service
    parser = RequestParser(limits: service.limits)
    state = ConnectionState(limits: service.limits, isSecure: socket.tls != nil, at: .now)
  }

  // MARK: The straight line

  private nonisolated func serve() async {
    while !onLoop({ $0.shakeHands() }) { await park() }
    var taken = 0
    // Written out here, because each async call costs more than parsing a header.
    while true {
      switch onLoop({ $0.takeRequest() }) {
      case .request(let request):
        taken += 1
        // A client that pipelines without end shares the loop with the others.
        if taken.isMultiple(of: 64) { await Task.yield() }
        let response = await service.handler.respond(to: request)
        let isHead = request.method == .head
        if !onLoop({ $0.sendAtOnce(response, isHead: isHead) }) { await send(response) }
        withExtendedLifetime(response.kept) {}
      case .missing: await park()
      case .blocked: await drainOutput()
      case .over:
        await finish()
        return service.ended()
      }
    }
  }

  /// The connection's task runs on the loop, so it enters the actor without a hop; the executor checks that.
  private nonisolated func onLoop<Result: Sendable>(_ body: (isolated Connection) -> Result) -> Result { assumeIsolated(body) }

  // MARK: Requests

  /// True when TLS is agreed on, or was not asked for, or can't be.
  private func shakeHands() -> Bool {
    guard state.isHandshaking, let tls = socket.tls else { return true }
    switch tls.handshake() {
    case .done:
      state.handshakeFinished(at: .now)
      return true
    case .incomplete:
      isReadable = false
      return false
    case .failed:
      perform(state.handshakeFailed(at: .now))
      return true
    }
  }

  private enum Intake {
    case request(Request)
    case missing
    /// Answers to pipelined requests have to go out first.
    case blocked
    /// There will be none.
    case over
  }

  private func takeRequest() -> Intake {
    guard state.acceptsRequest else { return .over }
    do {
      while true {
        switch try parser.next() {
        case .head(let head):
          state.headReceived(head, at: .now)
          let length: Int? =
            switch head.framing {
            case .none: 0
            case .length(let length): length
            case .chunked: nil
            }
          let body = RequestBody(source: ConnectionBody(connection: self, request: state.requests), length: length, limit: service.limits.bodyBytes)
          return .request(Request(head: head, body: body, remoteAddress: remoteAddress, isSecure: socket.tls != nil))
        case .body, .end: continue  // the rest of the last request
        case nil: break
        }
        if !output.isEmpty {
          flush()
          guard output.isEmpty else { return .blocked }
        }
        guard fill() else { return state.acceptsRequest ? .missing : .over }
      }
    } catch {
      perform(state.parsingFailed(error, at: .now))
      return .over
    }
  }

  /// Reads what the socket has into the parser; false when it has nothing now or ever.
  private func fill() -> Bool {
    guard isReadable, !state.isClosed else { return false }
    let size = state.acceptsRequest ? 16 * 1024 : 64 * 1024
    let result = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { buffer in
      let result = socket.read(into: buffer)
      if case .bytes(let count) = result { parser.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      return result
    }
    switch result {
    case .bytes(let count):
      // A short read emptied the socket; only an end that was announced is still to be read.
      isReadable = count == size || state.hasPeerEnded || !socket.shortReadEmpties
      state.bytesReceived(count, at: .now)
      return true
    case .wouldBlock:
      isReadable = false
      perform(state.inputExhausted())
    case .end:
      isReadable = false
      perform(state.peerEnded(at: .now))
    case .failed:
      abort()
    }
    return false
  }

  // MARK: Request bodies

  private enum Chunk: Sendable {
    case bytes([UInt8])
    case end
    case failed(BodyError)
    case missing
  }

  /// The next chunk for the handler; reads the socket only when nothing is buffered.
  fileprivate func nextChunk(of request: Int) async throws(BodyError) -> [UInt8]? {
    while true {
      switch takeChunk(of: request) {
      case .bytes(let bytes): return bytes
      case .end: return nil
      case .failed(let error): throw error
      case .missing: await waitForBytes()
      }
    }
  }

  /// The next chunk where the caller is on the loop and there is one: without a detour through the loop's queue.
  fileprivate nonisolated func chunkAtHand(of request: Int) throws(BodyError) -> [UInt8]?? {
    guard loop.isolation.isIsolatingCurrentContext() == true else { return .none }
    switch onLoop({ $0.takeChunk(of: request) }) {
    case .bytes(let bytes): return .some(bytes)
    case .end: return .some(nil)
    case .failed(let error): throw error
    case .missing: return .none
    }
  }

  /// The fields behind the body of the request that is being answered.
  fileprivate func trailers(of request: Int) -> HeaderFields { request == state.requests ? parser.trailers : [:] }

  private func takeChunk(of request: Int) -> Chunk {
    while true {
      guard case .handling = state.phase, request == state.requests else { return .failed(.disconnected) }
      switch state.body {
      case .complete: return .end
      case .failed(let error): return .failed(error)
      case .incomplete: break
      }
      do {
        switch try parser.next() {
        case .body(let bytes):
          state.bodyReceived(bytes.count, at: .now)
          return .bytes(bytes)
        case .end: perform(state.bodyEnded(at: .now))
        case .head: return .end
        case nil:
          perform(state.bodyWanted(at: .now))
          if !fill(), case .incomplete = state.body { return .missing }
        }
      } catch {
        perform(state.parsingFailed(error, at: .now))
      }
    }
  }

  // MARK: Answers

  /// Sends a whole answer if that needs no waiting; true when the next request may be taken.
  private func sendAtOnce(_ response: Response, isHead: Bool) -> Bool {
    skipBufferedBody()
    guard !state.isClosed else { return true }
    let plan = state.responseStarted(response, isHead: isHead, at: .now)
    self.plan = plan
    output.append { ResponseEncoder.write(response, plan: plan, date: loop.date, to: &$0) }
    if plan.sendsBody {
      switch response.body {
      case .empty: break
      case .bytes(let bytes): output.append(body: bytes)
      case .stream: return false
      }
    }
    if plan.keepsAlive, parser.hasBegunRequest, output.hasRoom {
      flushLater()
    } else {
      flush()
      guard output.isEmpty else { return false }
    }
    return answered()
  }

  /// Answers to pipelined requests go out together: when no whole request is left, at the latest when the handler of one suspends.
  private func flushLater() {
    guard !willFlush else { return }
    willFlush = true
    loop.signal(self, .flush)
  }

  private var willFlush = false
  private var plan: ResponsePlan?

  /// The rest of an answer that `sendAtOnce` began: streams its body, waits for the client to take it, reads past an unread request body.
  private func send(_ response: Response) async {
    if let plan, plan.sendsBody, case .stream(let length, let write) = response.body {
      let stream = ResponseStream(connection: self, request: state.requests, isChunked: plan.framing == .chunked, length: length)
      do {
        try await write(BodyWriter(sink: stream))
        try await stream.finish()
      } catch {
        // Where the connection's end is the answer's, an orderly one would say that this was all of it.
        if plan.framing == .untilClose { socket.resetOnClose() }
        perform(state.responseFailed())
      }
    }
    await drainOutput()
    if case .handling = state.phase { _ = answered() }
    await discardBody()
  }

  /// True when the next request may be taken.
  private func answered() -> Bool {
    plan = nil
    let action = state.responseFinished(at: .now)
    perform(action)
    return action != .discard
  }

  /// Body bytes that are here already are skipped before it is decided whether the connection can live on.
  private func skipBufferedBody() {
    while case .incomplete = state.body {
      do {
        switch try parser.next() {
        case .body(let bytes): state.bodyReceived(bytes.count, at: .now)
        case .end: perform(state.bodyEnded(at: .now))
        case .head, nil: return
        }
      } catch {
        perform(state.parsingFailed(error, at: .now))
      }
    }
  }

  private func discardBody() async {
    while case .discarding = state.phase {
      skipBufferedBody()
      if case .discarding = state.phase, !fill(), case .discarding = state.phase { await waitForBytes() }
    }
  }

  /// Puts bytes of a request's answer on the wire; returns when there is room for more.
  func write(for request: Int, _ append: sending (inout [UInt8]) -> Void) async throws {
    guard case .handling = state.phase, request == state.requests else { throw BodyError.disconnected }
    output.append(append)
    await drainOutput()
    if state.isClosed { throw BodyError.disconnected }
  }

  private func flush() {
    switch output.flush(to: socket) {
    case .drained: state.writeDrained(at: .now)
    case .blocked:
      noteProgress()
      state.writeBlocked(at: .now)
    case .failed: abort()
    }
  }

  /// What the client had not confirmed of a blocked answer when it was last looked at. The kernel wakes a connection only when a good
  /// part of its buffer is free; a slow client's progress shows here long before.
  private var undelivered = 0

  private func noteProgress() {
    let rest = output.count + socket.unacknowledged
    if rest < undelivered { state.writeProgressed(undelivered - rest, at: .now) }
    undelivered = rest
  }

  private func tick() {
    if state.isWriteBlocked { noteProgress() }
    perform(state.tick(at: .now))
  }

  private func drainOutput() async {
    while !state.isClosed {
      flush()
      guard !output.isEmpty, !state.isClosed else { return }
      await withUnsafeContinuation { writers.append($0) }
    }
  }

  // MARK: Events

  nonisolated func ready(_ events: PollEvents) {
    assumeIsolated { connection in
      if events.contains(.broken) { return connection.abort() }
      if events.contains(.ended) { connection.state.peerAnnouncedEnd() }
      // Under TLS reading may have waited for room, and writing for bytes.
      let isEither = connection.socket.tls != nil
      if isEither || events.contains(.readable) {
        connection.isReadable = true
        connection.resumeReaders()
      }
      if isEither || events.contains(.writable) { connection.resumeWriters() }
    }
  }

  nonisolated func signal(_ signal: LoopSignal) {
    assumeIsolated { connection in
      switch signal {
      case .start: connection.task = Task(executorPreference: connection.loop) { await connection.serve() }
      case .tick: connection.tick()
      case .flush:
        connection.willFlush = false
        if !connection.state.isClosed { connection.flush() }
      case .drain: connection.perform(connection.state.drain(hasInput: connection.isReadable || !connection.output.isEmpty))
      case .abort: connection.abort()
      }
    }
  }

  private func perform(_ action: ConnectionState.Action) {
    switch action {
    case .nothing, .discard: break
    case .nextRequest: if parser.hasBegunRequest { state.bytesReceived(0, at: .now) }
    case .sendContinue:
      output.append { $0 += ResponseEncoder.continueHead }
      flush()
    case .refuse(let refusal): refuse(refusal)
    case .failBody: resumeReaders()
    case .linger: socket.shutDownWriting()
    case .close: tearDown()
    }
  }

  /// The answer to a request that never reached the handler; the connection ends with it.
  private func refuse(_ refusal: Refusal) {
    let response = service.refuse(refusal)
    let bytes: [UInt8] = if case .bytes(let bytes) = response.body { bytes } else { [] }
    let plan = ResponsePlan(framing: .length(bytes.count), sendsBody: true, keepsAlive: false, announcesKeepAlive: false)
    output.append { output in
      ResponseEncoder.write(response, plan: plan, date: loop.date, to: &output)
      output += bytes
    }
    flush()
    if output.isEmpty { socket.shutDownWriting() }
    resumeReaders()
  }

  /// Reads and drops what the client still sends, for a moment, so that a reset does not destroy the answer (RFC 9112 §9.6).
  private func finish() async {
    await drainOutput()
    if case .lingering = state.phase { socket.shutDownWriting() }
    while case .lingering = state.phase {
      if !drop() { await waitForBytes() }
    }
    perform(state.close())
  }

  private func drop() -> Bool {
    guard isReadable else { return false }
    let result = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { socket.readRaw(into: $0) }
    switch result {
    case .bytes: return true
    case .wouldBlock: isReadable = false
    case .end, .failed: perform(state.close())
    }
    return false
  }

  // MARK: Waiting and ending

  private func waitForBytes() async {
    guard !state.isClosed, !isReadable else { return }
    await withUnsafeContinuation { readers.append($0) }
  }

  /// As `waitForBytes`, for the connection's task: it is on the loop already, so that entering the actor through the queue would be a detour.
  private nonisolated func park() async {
    await withUnsafeContinuation { continuation in
      onLoop { connection in
        if connection.state.isClosed || connection.isReadable { return continuation.resume() }
        connection.readers.append(continuation)
      }
    }
  }

  private func resumeReaders() {
    // One by one, because that keeps the array's memory; resuming only enqueues.
    while let reader = readers.popLast() { reader.resume() }
  }

  private func resumeWriters() {
    while let writer = writers.popLast() { writer.resume() }
  }

  private func abort() { perform(state.close()) }

  private var isTornDown = false

  private func tearDown() {
    guard !isTornDown else { return }
    isTornDown = true
    task?.cancel()
    resumeReaders()
    resumeWriters()
    loop.remove(self)
    // The client did not take its answer in time: the kernel shall not keep it either.
    if !output.isEmpty { socket.resetOnClose() }
    socket.close()
    if task == nil { service.ended() }
  }
}

/// One request's body. Kept beyond its answer it ends, instead of reading into the next request.
private struct ConnectionBody: BodySource {
  let connection: Connection
  let request: Int

  func nextChunk() async throws(BodyError) -> [UInt8]? {
    if let chunk = try connection.chunkAtHand(of: request) { return chunk }
    return try await connection.nextChunk(of: request)
  }

  func trailers() async -> HeaderFields { await connection.trailers(of: request) }
}

/// What every connection of a server shares.
struct ConnectionService: Sendable {
  let handler: any Handler
  let limits: Limits
  let refuse: RefusalResponse
  /// Called once per connection, when its socket is closed and its handler has returned.
  let ended: @Sendable () -> Void
}
