import Foundation
import Glibc
import HTTP
import Locking
import Synchronization
import Testing

/// A client that sends any bytes it is told to; blocking calls run on threads of their own, never on Swift's pool.
final class TestClient: Sendable {
  private let descriptor: Int32
  private let received = Protected<[UInt8]>([])
  private let isOpen = Atomic(true)

  init(_ address: ListenAddress) throws {
    descriptor = try Self.connected(to: address)
    // A test that would hang fails instead.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func connected(to address: ListenAddress) throws -> Int32 {
    if let path = address.path {
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
      return try withUnsafePointer(to: &name) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          try connected(AF_UNIX, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    #expect(getaddrinfo(address.host, String(address.port), &hints, &found) == 0)
    defer { freeaddrinfo(found) }
    let info = try #require(found?.pointee)
    return try connected(info.ai_family, info.ai_addr, info.ai_addrlen)
  }

  private static func connected(_ family: Int32, _ name: UnsafePointer<sockaddr>, _ length: socklen_t) throws -> Int32 {
    // Not for the processes of exit tests, which begin while other tests run.
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard connect(descriptor, name, length) == 0 else {
      Glibc.close(descriptor)
      throw ConnectionRefused()
    }
    return descriptor
  }

  struct ConnectionRefused: Error {}

  deinit { disconnect() }

  func send(_ text: String) async { _ = await send(Array(text.utf8)) }

  /// False when the server takes no more.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    await blocking { [descriptor] in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// Sends until the server's and the kernel's buffers are full; returns how many bytes they took.
  func sendUntilBlocked(_ bytes: [UInt8], attempts: Int) async -> Int {
    await blocking { [descriptor] in
      var total = 0
      var quiet = 0
      while quiet < attempts {
        let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
        if count > 0 {
          total += count
          quiet = 0
        } else {
          quiet += 1
          usleep(10_000)
        }
      }
      return total
    }
  }

  /// The next answer; nil when the connection ends before it.
  func response(toHead: Bool = false) async -> TestResponse? {
    guard let head = await take(through: "\r\n\r\n") else { return nil }
    var response = TestResponse(head: head)
    if toHead || [204, 304].contains(response.status) || response.status < 200 { return response }
    if response["transfer-encoding"] == "chunked" {
      while let size = await take(through: "\r\n").flatMap({ Int($0.dropLast(), radix: 16) }) {
        guard let chunk = await take(size + 2) else { return nil }
        if size == 0 {
          response.isComplete = true
          break
        }
        response.chunks.append(Array(chunk.dropLast(2)))
      }
    } else if let length = response["content-length"].flatMap({ Int($0) }) {
      guard let body = await take(length) else { return nil }
      response.chunks = [body]
      response.isComplete = true
    } else {
      response.chunks = [Array(await rest().utf8)]
    }
    return response
  }

  /// The data of the next chunk, [] for the last one.
  func chunk() async -> [UInt8]? {
    guard let size = await take(through: "\r\n").flatMap({ Int($0.dropLast(), radix: 16) }) else { return nil }
    return await take(size + 2).map { $0.dropLast(2) }
  }

  /// Everything until the connection ends.
  func rest() async -> String {
    while await receive() {}
    return received.withLock { bytes in
      defer { bytes = [] }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Whether the server ended the connection with nothing more to say.
  func isEnded() async -> Bool { await rest().isEmpty }

  func shutDownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes the socket, as a client that is killed does.
  func disconnect() {
    if isOpen.exchange(false, ordering: .relaxed) { Glibc.close(descriptor) }
  }

  /// What came up to and with `mark`; nil when the connection ends before it.
  func received(through mark: String) async -> String? { await take(through: mark) }

  private func take(through mark: String) async -> String? {
    let mark = Array(mark.utf8)
    while true {
      let found: [UInt8]? = received.withLock { bytes in
        guard bytes.count >= mark.count, let start = (0...bytes.count - mark.count).first(where: { bytes[$0...].starts(with: mark) }) else {
          return nil
        }
        defer { bytes.removeFirst(start + mark.count) }
        return Array(bytes[..<(start + mark.count)])
      }
      if let found { return String(decoding: found, as: UTF8.self) }
      guard await receive() else { return nil }
    }
  }

  private func take(_ count: Int) async -> [UInt8]? {
    while received.withLock({ $0.count }) < count { guard await receive() else { return nil } }
    return received.withLock { bytes in
      defer { bytes.removeFirst(count) }
      return Array(bytes[..<count])
    }
  }

  private func receive() async -> Bool {
    let bytes = await blocking { [descriptor] in
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { Issue.record("the server says nothing and does not end the connection") }
      return Array(buffer.prefix(max(0, count)))
    }
    received.withLock { $0 += bytes }
    return !bytes.isEmpty
  }

  private func blocking<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }
}

struct TestResponse: Sendable {
  let status: Int
  let fields: [(name: String, value: String)]
  var chunks: [[UInt8]] = []
  var isComplete = false

  init(head: String) {
    let lines = head.split(separator: "\r\n")
    status = lines.first.flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) } ?? 0
    fields = lines.dropFirst().map { line in
      let name = line.prefix { $0 != ":" }
      return (name.lowercased(), String(line.dropFirst(name.count + 2)))
    }
  }

  var body: String { String(decoding: chunks.joined(), as: UTF8.self) }

  subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// Something that happens once, and can be waited for.
final class Event: Sendable {
  private struct State {
    var hasHappened = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Protected(State())

  func happen() {
    let waiters = state.withLock { state in
      state.hasHappened = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let hasHappened = state.withLock { state in
        if !state.hasHappened { state.waiters.append(continuation) }
        return state.hasHappened
      }
      if hasHappened { continuation.resume() }
    }
  }
}

/// Runs a server on a free port for the length of a test.
func withServer(
  _ handler: some Handler, limits: Limits = Limits(), loops: Int = 1, address: String = "127.0.0.1:0",
  _ test: (Server, ListenAddress) async throws -> Void
) async throws {
  let server = Server(handler: handler, listen: [try ListenAddress(address)], limits: limits, loops: loops)
  let address = try server.start()[0]
  do {
    try await test(server, address)
  } catch {
    await server.shutdown(timeout: .zero)
    throw error
  }
  await server.shutdown(timeout: .zero)
  #expect(server.connectionCount == 0)
}

extension Handler where Self == ClosureHandler {
  /// Answers with what was sent.
  static var echo: ClosureHandler {
    ClosureHandler { request in
      do {
        return .bytes(try await request.body.collect(), type: "application/octet-stream")
      } catch {
        return Refusal.plainText(Refusal(error))
      }
    }
  }

  /// Answers with the target, without looking at the body.
  static var target: ClosureHandler { ClosureHandler { .text($0.target) } }
}

func request(_ method: String = "GET", _ target: String = "/", _ fields: String = "", body: String = "") -> String {
  let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
  return "\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\(length)\r\n\(body)"
}
