import HTTP
import Locking
import Testing

@Suite("A server's patience and its end")
struct ServerLifeTests {
  private static func limits(_ change: (inout Limits) -> Void) -> Limits {
    var limits = Limits()
    change(&limits)
    return limits
  }

  @Test("gives up on a header section that does not end, with 408")
  func slowHeaders() async throws {
    try await withServer(.echo, limits: Self.limits { $0.headerTime = .milliseconds(50) }) { _, address in
      let client = try TestClient(address)
      await client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow")
      let response = try #require(await client.response())
      #expect(response.status == 408 && response["connection"] == "close")
      client.shutDownWriting()
      #expect(await client.isEnded())
    }
  }

  @Test("gives up on the rest of a header section behind a pipelined request")
  func slowHeadersBehindRequest() async throws {
    try await withServer(.echo, limits: Self.limits { $0.headerTime = .milliseconds(50) }) { _, address in
      let client = try TestClient(address)
      await client.send(request() + "GET / HT")
      #expect(await client.response()?.status == 200)
      #expect(await client.response()?.status == 408)
    }
  }

  @Test("gives up on a body that stops, and the handler can say so")
  func slowBody() async throws {
    try await withServer(.echo, limits: Self.limits { $0.bodyInactivity = .milliseconds(50) }) { _, address in
      let client = try TestClient(address)
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
      let response = try #require(await client.response())
      #expect(response.status == 408 && response["connection"] == "close")
    }
  }

  @Test("closes an idle connection without a word")
  func idle() async throws {
    try await withServer(.echo, limits: Self.limits { $0.idle = .milliseconds(50) }) { _, address in
      let used = try TestClient(address)
      await used.send(request())
      #expect(await used.response()?.status == 200)
      #expect(await used.isEnded())
    }
  }

  @Test("drops a client that does not read its answer")
  func writeStall() async throws {
    let bytes = [UInt8](repeating: 7, count: 50_000_000)
    let started = Event()
    let handler = ClosureHandler { _ in
      started.happen()
      return .bytes(bytes, type: "application/octet-stream")
    }
    try await withServer(handler, limits: Self.limits { $0.writeStall = .milliseconds(100) }) { server, address in
      let client = try TestClient(address)
      await client.send(request())
      await started.wait()
      while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
      #expect(await client.response() == nil)
    }
  }

  @Test("cancels the handler when the client goes away", .timeLimit(.minutes(1)))
  func disconnectCancels() async throws {
    let started = Event()
    let cancelled = Event()
    let handler = ClosureHandler { _ in
      started.happen()
      await withTaskCancellationHandler {
        await cancelled.wait()
      } onCancel: {
        cancelled.happen()
      }
      return .text("too late")
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      await started.wait()
      client.disconnect()
      // Only the handler's cancellation ends this wait.
      await cancelled.wait()
    }
  }

  @Test("answers a client that shuts its sending side once its requests are sent", arguments: ["1.1", "1.0"])
  func halfClose(version: String) async throws {
    let gate = Event()
    let handler = ClosureHandler { request in
      if request.target == "/slow" { await gate.wait() }
      return .text("\(request.target) \(Task.isCancelled ? "cancelled" : "whole")")
    }
    try await withServer(handler, limits: Self.limits { $0.linger = .milliseconds(40) }) { _, address in
      let client = try TestClient(address)
      let keep = version == "1.0" ? "Connection: keep-alive\r\n" : ""
      await client.send(["/slow", "/a", "/b"].map { "GET \($0) HTTP/\(version)\r\nHost: a\r\n\(keep)\r\n" }.joined())
      client.shutDownWriting()
      if version == "1.1" {
        #expect(await client.response()?.status == 100, "it is asked whether it is still there")
      } else {
        try await Task.sleep(for: .milliseconds(50))
      }
      gate.happen()
      for target in ["/slow", "/a", "/b"] { #expect(await client.response()?.body == "\(target) whole") }
      #expect(await client.isEnded())
    }
  }

  @Test("answers a client that shuts its sending side and is answered at once, without asking first")
  func halfCloseAtOnce() async throws {
    try await withServer(.target) { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/a"))
      client.shutDownWriting()
      #expect(await client.response()?.body == "/a")
      #expect(await client.isEnded())
    }
  }

  @Test("answers whole requests before half a one that ends there")
  func halfRequest() async throws {
    try await withServer(.target) { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/a") + request("GET", "/b") + "GET /c HT")
      client.shutDownWriting()
      for target in ["/a", "/b"] { #expect(await client.response()?.body == target) }
      #expect(await client.isEnded())
    }
  }

  @Test("tells a client that shuts its sending side in the middle of a body that half of it is missing")
  func halfBody() async throws {
    try await withServer(.echo) { _, address in
      let client = try TestClient(address)
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
      client.shutDownWriting()
      #expect(await client.response()?.status == 400)
      #expect(await client.isEnded())
    }
  }

  @Test("tells the handler of half an upload that the client is gone")
  func halfUpload() async throws {
    let error = Protected<BodyError?>(nil)
    let done = Event()
    let handler = ClosureHandler { request in
      do { _ = try await request.body.collect() } catch let failure { error.withLock { $0 = failure as? BodyError } }
      done.happen()
      return .text("")
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
      client.disconnect()
      await done.wait()
      #expect(error.withLock { $0 } == .disconnected)
    }
  }

  @Test("stops in good order: readiness first, the request under way is answered, idle connections end, nobody else comes in")
  func gracefulShutdown() async throws {
    let started = Event()
    let gate = Event()
    let drained = Event()
    let handler = ClosureHandler { _ in
      started.happen()
      await gate.wait()
      return .text("finished")
    }
    let server = Server(handler: handler, listen: [try ListenAddress("127.0.0.1:0")], onDraining: { drained.happen() })
    let address = try server.start()[0]
    let idle = try TestClient(address)
    let busy = try TestClient(address)
    await busy.send(request() + request())
    await started.wait()
    let stopped = Task { await server.run() }
    let shutdown = Task { await server.shutdown() }
    await drained.wait()
    #expect(server.isDraining)
    #expect(await idle.isEnded())
    #expect(throws: TestClient.ConnectionRefused.self) { try TestClient(address) }
    gate.happen()
    let response = try #require(await busy.response())
    #expect(response.body == "finished" && response["connection"] == "close")
    #expect(await busy.isEnded())
    await shutdown.value
    await stopped.value
    #expect(server.connectionCount == 0)
  }

  @Test("cuts what is still running when its time to stop is over")
  func shutdownTimeout() async throws {
    let started = Event()
    let handler = ClosureHandler { _ in
      started.happen()
      try? await Task.sleep(for: .seconds(3600))
      return .text("never")
    }
    try await withServer(handler) { server, address in
      let client = try TestClient(address)
      await client.send(request())
      await started.wait()
      await server.shutdown(timeout: .milliseconds(20))
      #expect(await client.response() == nil)
    }
  }

  @Test("serves many connections at once", arguments: [1, 2])
  func manyConnections(loops: Int) async throws {
    try await withServer(.echo, loops: loops) { _, address in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask {
            let client = try TestClient(address)
            for round in 0..<10 {
              await client.send(request("POST", "/", body: "\(number)-\(round)"))
              #expect(await client.response()?.body == "\(number)-\(round)")
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
