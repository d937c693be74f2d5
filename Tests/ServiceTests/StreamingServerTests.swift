import Formats
import Foundation
import HTTP
import Registry
import Synchronization
import Testing

import Service

@Suite("Streams over a real socket", .serialized)
struct StreamingServerTests {
  private struct Setup {
    let fixture: ServiceFixture
    let server: Server
    let address: ListenAddress
  }

  private static func setup(_ change: (inout ServiceLimits) -> Void = { _ in }, write: Duration = .seconds(30)) throws -> Setup {
    var limits = ServiceLimits()
    limits.streamedRows = 500
    limits.streamedAnswerNumbers = 1000
    change(&limits)
    let fixture = try ServiceFixture(limits: limits)
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    var connection = Limits()
    connection.writeStall = write
    let server = Server(
      handler: fixture.application.handler, listen: [try ListenAddress("127.0.0.1:0")], limits: connection, refuse: fixture.application.refuse)
    return Setup(fixture: fixture, server: server, address: try server.start()[0])
  }

  private static func table(rows: Int) -> String {
    "weight,colour,answer,age\r\n" + (0..<rows).map { "\($0 % 100).5,\($0 % 2 == 0 ? "" : "red"),1,\r\n" }.joined()
  }

  private static func request(rows: Int, version: String = "1.1", extra: String = "", query: String = "draws=20&seed=3") -> String {
    let body = table(rows: rows)
    return "POST /v1/models/mixed/impute?\(query) HTTP/\(version)\r\nHost: x\r\nContent-Type: text/csv\r\nAccept: text/csv\r\n"
      + "\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// The record of the only request so far.
  private static func record(in setup: Setup) async throws -> JSONValue? {
    for _ in 0..<2000 {
      setup.fixture.application.recorder.flush()
      if let run = try await setup.fixture.get("/v1/runs?kind=inference").member("runs")?.elements.first { return run }
      try await Task.sleep(for: .milliseconds(5))
    }
    return nil
  }

  @Test("the connection lives on after a streamed answer, also for a client that sends all before it reads")
  func keepAlive() async throws {
    let setup = try Self.setup()
    let stream = Self.request(rows: 1200, query: "draws=3&seed=3")
    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    let answer = try await RawClient.exchange(stream + stream + last, at: setup.address)
    let text = String(decoding: answer, as: UTF8.self)
    #expect(text.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
    #expect(text.components(separatedBy: "\r\n0\r\n\r\n").count == 3)
    await setup.server.shutdown()
  }

  @Test("HTTP/1.0 has the answer until the connection's end")
  func oldVersion() async throws {
    let setup = try Self.setup()
    let expected = try await setup.fixture.post(
      "/v1/models/mixed/impute?draws=3&seed=3", Array(Self.table(rows: 1200).utf8), type: "text/csv", accept: "text/csv")
    let old = try await RawClient.exchange(Self.request(rows: 1200, version: "1.0", query: "draws=3&seed=3"), at: setup.address)
    let head = try #require(old.firstRange(of: Array("\r\n\r\n".utf8)))
    #expect(Array(old[head.upperBound...]) == expected.body)
    await setup.server.shutdown()
  }

  @Test("a client that reads nothing stops the computing after a few blocks, and one that leaves frees everything and is recorded as gone")
  func slowAndGone() async throws {
    let setup = try Self.setup()
    let rows = 20_000
    let client = try RawClient(setup.address, receiveBuffer: 32 << 10)
    await client.send(Self.request(rows: rows))
    // Until nothing more is computed.
    var (computed, quiet) = (-1, 0)
    while quiet < 20 {
      try await Task.sleep(for: .milliseconds(20))
      let now = setup.fixture.application.batcher.metrics.computedRows("impute")
      quiet = now == computed && now > 0 ? quiet + 1 : 0
      computed = now
    }
    // 20 lines of some 20 bytes a row: the socket's buffers hold some thousand rows, the server one block.
    #expect(computed < rows / 2, "\(computed) rows were computed for a client that reads nothing")
    #expect(setup.fixture.application.memory.bytes > 0)
    client.reset()
    let run = try #require(try await Self.record(in: setup))
    #expect(run["status"]?.string == "failed")
    let full = try await setup.fixture.get("/v1/runs/\(run["id"]?.string ?? "")")
    #expect(try full.member("inference", "http_status")?.integer == 499 && full.text.contains("the client left"), "\(full.text)")
    while setup.fixture.application.memory.bytes > 0 { try await Task.sleep(for: .milliseconds(5)) }
    await setup.server.shutdown()
  }

  @Test("an answer that can't go on is cut: no chunk ends it, HTTP/1.0 clients get a reset, and the record says why", arguments: ["1.1", "1.0"])
  func cut(version: String) async throws {
    let setup = try Self.setup()
    let client = try RawClient(setup.address, receiveBuffer: 32 << 10)
    await client.send(Self.request(rows: 5000, version: version, extra: "Posterior-Timeout: 1\r\n", query: "draws=200&seed=3"))
    // Longer than the second that the request has: its time is over while the client takes nothing, however fast the machine is, because 20 MB are
    // more than the sockets hold.
    try await Task.sleep(for: .milliseconds(1500))
    let (answer, isReset) = await client.readToEnd()
    let text = String(decoding: answer, as: UTF8.self)
    // A slow machine may be late before the first block: that is an answer of its own.
    if text.hasPrefix("HTTP/1.1 200") {
      #expect(!text.hasSuffix("\r\n0\r\n\r\n"))
      if version == "1.0" { #expect(isReset) }
      let run = try #require(try await Self.record(in: setup))
      let full = try await setup.fixture.get("/v1/runs/\(run["id"]?.string ?? "")")
      #expect(try full.member("inference", "http_status")?.integer == 503 && full.text.contains("The answer was cut"), "\(full.text)")
    } else {
      #expect(text.hasPrefix("HTTP/1.1 503"), "\(text.prefix(200))")
    }
    await setup.server.shutdown()
  }

  @Test("small requests are answered while a long stream is computed")
  func fairness() async throws {
    let setup = try Self.setup()
    let client = try RawClient(setup.address)
    await client.send(Self.request(rows: 8000))
    while setup.fixture.application.batcher.metrics.computedRows("impute") == 0 { try await Task.sleep(for: .milliseconds(2)) }
    for seed in 0..<20 {
      #expect(try await setup.fixture.post("/v1/models/toy/sample", json: #"{"seed": \#(seed)}"#).status == 200)
    }
    client.reset()
    await setup.server.shutdown()
  }
}

extension EngineMetrics {
  /// Rows that were computed of an operation.
  fileprivate func computedRows(_ operation: String) -> Int {
    let name = "posterior_batch_rows_sum{operation=\"\(operation)\"} "
    return text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Double($0.dropFirst(name.count)) }.map { Int($0) } ?? 0
  }
}
