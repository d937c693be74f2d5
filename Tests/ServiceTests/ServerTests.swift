import Foundation
import Glibc
import HTTP
import Registry
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

  @Test("sixty-four connections at once, each pipelining requests for every operation of every model, are sent the bytes of each request alone")
  func manyConnections() async throws {
    let fixture = try ServiceFixture.clustering()
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    let application = fixture.application
    let server = Server(handler: application.handler, listen: [try ListenAddress("127.0.0.1:0")], refuse: application.refuse)
    let address = try server.start()[0]
    let targets = try Self.targets(fixture)
    #expect(Set(targets.map(\.operation)) == Set(RequestKind.all.map(\.name)))
    // Every connection asks for everything, each beginning elsewhere, with seeds of its own.
    let plans: [[(target: String, body: String)]] = (0..<64).map { connection in
      targets.indices.map { index in
        let target = targets[(index + connection) % targets.count]
        return ("/v1/models/\(target.model)/\(target.operation)", "{\"seed\": \(connection * 100 + index)\(target.options)}")
      }
    }
    let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (connection, plan) in plans.enumerated() {
        let requests = plan.enumerated().map { index, request in
          "POST \(request.target) HTTP/1.1\r\nHost: x\r\n\(index == plan.count - 1 ? "Connection: close\r\n" : "")"
            + "Content-Type: application/json\r\nContent-Length: \(request.body.utf8.count)\r\n\r\n\(request.body)"
        }
        group.addTask { (connection, try await Self.send(requests.joined(), to: address)) }
      }
      return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    for (connection, plan) in plans.enumerated() {
      var rest = try #require(answers[connection])[...]
      for request in plan {
        let alone = try await fixture.post(request.target, json: request.body)
        let headEnd = try #require(rest.range(of: "\r\n\r\n"))
        #expect(alone.status == 200 && rest.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(request) \(alone.text)")
        rest = rest[headEnd.upperBound...]
        #expect(rest.hasPrefix(alone.text), "connection \(connection), \(request)")
        rest = rest.dropFirst(alone.text.count)
      }
      #expect(rest.isEmpty)
    }
    await server.shutdown()
  }

  /// The code of two items, every layer of it.
  private static func codes(of model: LoadedModel) -> String {
    let layers = (model.codes?.layers.map(\.values.count) ?? []).map { width in
      let row = "[\((0..<width).map { "0.\($0 % 10)" }.joined(separator: ","))]"
      return #"{"mean": [\#(row), \#(row)], "scale": [\#(row), \#(row)]}"#
    }
    return #", "layers": [\#(layers.joined(separator: ", "))]"#
  }

  /// Every operation that each model can do, with options and items in JSON.
  private static func targets(_ fixture: ServiceFixture) throws -> [(model: String, operation: String, options: String)] {
    let items = [
      "pictures": #", "inputs": [[[1,2,3,4,5],[250,0,9,8,7],[0,0,0,0,0],[99,98,97,96,95]]]"#,
      "colours": #", "inputs": [[[[1,2,3],[4,5,6],[7,8,9]],[[255,0,255],[0,255,0],[9,9,9]]]]"#,
      "table": #", "inputs": [[40, 170.5, 71], [18, 181, 64]]"#,
      "vector": #", "inputs": [[1, -2, 0.5], [3, 3, 3]]"#,
      "classifier": #", "inputs": [[1, -2, 0.5], [3, 3, 3]]"#, "ladder": #", "inputs": [[[1,2,3,4,5],[6,0,9,8,7],[0,0,0,0,0],[9,8,7,6,5]]]"#,
      "mixed": #", "rows": [{"age": 31, "colour": "red", "weight": 70.5, "answer": "1"}, {"age": 7, "colour": "green", "weight": 8, "answer": "2"}]"#,
    ]
    let options = [
      "cluster": #", "draws": 2"#, "classify": #", "top": 1"#, "impute": #", "draws": 3"#, "reconstruct": #", "sampling": true"#,
      "sample": #", "n": 3, "temperature": 0.5"#, "score": #", "k": 5"#,
    ]
    let holes = #", "rows": [{"age": null, "colour": "red", "weight": 7, "answer": "1"}, {"age": 7, "colour": null, "weight": null, "answer": "2"}]"#
    return try (ModelFiles.all.map(\.0) + ["classifier", "ladder", "mixed"]).flatMap { name in
      let version = try fixture.store.resolve(name)
      let model = try LoadedModel.load(path: version.path, families: fixture.application.options.families)
      return model.requestKinds.map { kind in
        let given =
          switch kind.items {
          case .completed: holes
          case .rows: items[name] ?? ""
          case .codes: Self.codes(of: model)
          case .references: ""
          }
        return (name, kind.name, (options[kind.name] ?? "") + given)
      }
    }
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
