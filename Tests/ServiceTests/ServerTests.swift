import Foundation
import Glibc
import HTTP
import Service
import Testing

@Suite("Over a real socket")
struct ServerTests {
  @Test("a sample over a socket is the sample in memory, and stopping is orderly")
  func socket() async throws {
    let fixture = try ServiceFixture()
    let application = fixture.application
    let server = Server(
      handler: application.handler, listen: [try ListenAddress("127.0.0.1:0")], refuse: application.refuse,
      onDraining: { application.readiness.state = .draining })
    let address = try server.start()[0]
    application.readiness.state = .ready
    let body = #"{"n": 3, "seed": 8}"#
    let answer = try await Self.send(
      "POST /v1/models/pictures/sample HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)",
      to: address)
    let inMemory = try await fixture.post("/v1/models/pictures/sample", json: body)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n" + inMemory.text))
    #expect(answer.contains("Posterior-Model: pictures@1"))

    let malformed = try await Self.send("GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", to: address)
    #expect(malformed.hasPrefix("HTTP/1.1 400") && malformed.contains("application/problem+json"))

    await server.shutdown()
    #expect(application.readiness.state == .draining)
  }

  @Test("sixty-four connections at once, on mixed models and operations, are each sent the bytes of their request alone")
  func manyConnections() async throws {
    let fixture = try ServiceFixture()
    let application = fixture.application
    let server = Server(handler: application.handler, listen: [try ListenAddress("127.0.0.1:0")], refuse: application.refuse)
    let address = try server.start()[0]
    let requests: [(target: String, body: String)] = (0..<320).map { index in
      switch index % 5 {
      case 0: ("/v1/models/pictures/sample", #"{"n": \#(1 + index % 7), "seed": \#(index)}"#)
      case 1: ("/v1/models/table/sample", #"{"n": 3, "seed": \#(index), "temperature": 0.5}"#)
      case 2: ("/v1/models/vector/score", #"{"inputs": [[1, \#(index), 3]], "k": 5, "seed": \#(index)}"#)
      case 3: ("/v1/models/vector/reconstruct", #"{"inputs": [[\#(index), 2, 3], [1, 1, 1]], "sampling": true, "seed": \#(index)}"#)
      default: ("/v1/models/toy/sample", #"{"n": 40, "seed": \#(index)}"#)
      }
    }
    let answers = try await withThrowingTaskGroup(of: [(Int, String)].self) { group in
      for connection in 0..<64 {
        group.addTask {
          var answers: [(Int, String)] = []
          for index in stride(from: connection, to: requests.count, by: 64) {
            let (target, body) = requests[index]
            answers.append(
              (
                index,
                try await Self.send(
                  "POST \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", to: address)
              ))
          }
          return answers
        }
      }
      return try await group.reduce(into: [Int: String]()) { for (index, answer) in $1 { $0[index] = answer } }
    }
    for (index, request) in requests.enumerated() {
      let alone = try await fixture.post(request.target, json: request.body)
      #expect(answers[index]?.hasPrefix("HTTP/1.1 200 OK\r\n") == true && answers[index]?.hasSuffix("\r\n\r\n" + alone.text) == true)
    }
    await server.shutdown()
  }

  @Test("a client that goes away while its request waits frees the place, and nothing is computed for it")
  func disconnected() async throws {
    let fixture = try ServiceFixture(lanes: 1)
    let application = fixture.application
    let server = Server(handler: application.handler, listen: [try ListenAddress("127.0.0.1:0")], refuse: application.refuse)
    let address = try server.start()[0]
    #expect(try await fixture.post("/v1/models/toy/sample", json: "{}").status == 200)
    let door = Door()
    let blocker = Task { try await application.batcher.run { door.wait() } }
    await door.untilSomeoneWaits()
    try await Self.abandon("POST /v1/models/toy/sample?seed=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", to: address) {
      while application.batcher.depth < 1 { usleep(1000) }
    }
    while application.batcher.depth > 0 { try await Task.sleep(for: .milliseconds(1)) }
    door.open()
    try await blocker.value
    await server.shutdown()
    #expect(application.batcher.metrics.text.contains("posterior_batch_rows_count{operation=\"sample\"} 1\n"))
  }

  @Test("half an upload leaves nothing behind")
  func halfUpload() async throws {
    let fixture = try ServiceFixture()
    let content = try fixture.content
    let application = fixture.application
    let server = Server(handler: application.handler, listen: [try ListenAddress("127.0.0.1:0")], refuse: application.refuse)
    let address = try server.start()[0]
    let head = "POST /v1/admin/models/m/versions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(ServiceFixture.key)\r\nContent-Length: 100000\r\n\r\n"
    _ = try await Self.send(head + String(repeating: "x", count: 5000), to: address, halfClosing: true)
    // Stopping waits until the connection's request has ended.
    await server.shutdown()
    #expect(try fixture.content == content)
  }

  /// Sends bytes on a connection of its own and reads until the server closes; on a thread of its own, because it blocks.
  private static func send(_ text: String, to address: ListenAddress, halfClosing: Bool = false) async throws -> String {
    try await connected(to: address) { descriptor in
      let bytes = Array(text.utf8)
      guard write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EPIPE) }
      if halfClosing { shutdown(descriptor, Int32(SHUT_WR)) }
      var answer: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = read(descriptor, &chunk, chunk.count), count > 0 { answer += chunk[..<count] }
      return String(decoding: answer, as: UTF8.self)
    }
  }

  /// Sends bytes and resets the connection once `condition` returns.
  private static func abandon(_ text: String, to address: ListenAddress, after condition: @escaping @Sendable () -> Void) async throws {
    try await connected(to: address) { descriptor in
      let bytes = Array(text.utf8)
      guard write(descriptor, bytes, bytes.count) == bytes.count else { throw POSIXError(.EPIPE) }
      condition()
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
  }

  private static func connected<Result: Sendable>(
    to address: ListenAddress, _ body: @escaping @Sendable (Int32) throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(UInt16(address.port).bigEndian)
        name.sin_addr.s_addr = inet_addr(address.host)
        let connected = withUnsafePointer(to: &name) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { return continuation.resume(throwing: POSIXError(.ECONNREFUSED)) }
        continuation.resume(with: Swift.Result { try body(descriptor) })
      }
    }
  }
}
