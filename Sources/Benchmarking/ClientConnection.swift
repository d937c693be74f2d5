internal import Glibc

/// One connection of the load generator: at most one request under way, on the generator's thread alone.
struct ClientConnection {
  enum State: Equatable {
    case closed
    case connecting
    case idle
    case waiting
  }

  let index: Int
  private(set) var state = State.closed
  private(set) var descriptor: Int32 = -1
  private(set) var reader = ResponseReader()
  /// The request under way, by its number among the plan's.
  private(set) var request = 0
  /// When the request should have been sent; nanoseconds of the monotonic clock.
  private(set) var intended = 0
  /// When the request was handed over, or the connection begun.
  private(set) var since = 0
  /// Bytes of the request that the kernel has taken.
  private var sent = 0
  /// Bytes of the answer's body.
  private(set) var received = 0
  /// The body that the answer should have; nil where it is not known yet, and kept in `body`.
  private var expected: [UInt8]?
  private var body: [UInt8] = []
  private var differs = false

  init(index: Int) { self.index = index }

  mutating func open(_ address: SocketAddress, at now: Int) throws(SystemError) {
    descriptor = try address.connect()
    (state, since) = (.connecting, now)
    reader = ResponseReader()
  }

  mutating func didConnect() throws(SystemError) {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else { throw SystemError(code) }
    state = .idle
  }

  /// Closing the descriptor takes it out of epoll's set.
  mutating func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    (descriptor, state) = (-1, .closed)
  }

  mutating func assign(_ request: Int, expecting expected: [UInt8]?, intended: Int, at now: Int) {
    precondition(state == .idle, "a connection that is busy")
    (state, self.request, self.intended, since) = (.waiting, request, intended, now)
    (sent, received, differs, self.expected) = (0, 0, false, expected)
    body.removeAll(keepingCapacity: true)
  }

  /// Sends what the kernel takes.
  /// - Returns: whether all of the request is sent.
  mutating func send(_ bytes: [UInt8]) throws(SystemError) -> Bool {
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        return false
      } else if errno != EINTR {
        throw SystemError()
      }
    }
    return true
  }

  /// Reads what is there.
  /// - Returns: whether the answer is complete.
  mutating func receive(into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EAGAIN { return false }
        throw SystemError()
      }
      if count == 0 {
        guard state == .waiting else { throw ResponseError.closed }
        try reader.end()
        return true
      }
      guard state == .waiting else { throw ResponseError.malformed("bytes that nobody asked for") }
      let taken = try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      guard taken == count else { throw ResponseError.malformed("bytes behind the answer") }
      if reader.isComplete { return true }
      if count < buffer.count { return false }
    }
  }

  private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(ResponseError) -> Int {
    var (received, differs, body) = (received, differs, body)
    self.body = []
    defer { (self.received, self.differs, self.body) = (received, differs, body) }
    return try reader.read(bytes) { [expected] piece in
      if let expected {
        differs = differs || !expected.holds(piece, at: received)
      } else {
        body.append(contentsOf: piece)
      }
      received += piece.count
    }
  }

  /// The complete answer; the connection is ready for the next request.
  mutating func finish() -> Answer {
    precondition(state == .waiting && reader.isComplete, "an answer that is not complete")
    let answer = Answer(
      status: reader.status, keepsAlive: reader.keepsAlive, byteCount: received, body: expected == nil ? body : nil,
      differs: differs || expected.map { $0.count != received } ?? false)
    reader.begin()
    state = .idle
    return answer
  }

  struct Answer {
    let status: Int
    let keepsAlive: Bool
    let byteCount: Int
    /// Kept where no body was expected.
    let body: [UInt8]?
    /// Whether it is another body than the expected one.
    let differs: Bool
  }
}

extension [UInt8] {
  /// Whether `piece` stands at `offset`.
  fileprivate func holds(_ piece: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard offset + piece.count <= count else { return false }
    return withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let other = piece.baseAddress else { return piece.isEmpty }
      return memcmp(base + offset, other, piece.count) == 0
    }
  }
}
