import Dispatch
import Foundation
import Glibc
import HTTP
import Locking
import Testing

@Suite("A server's limits")
struct ServerLimitsTests {
  @Test("turns a client's surplus connections away with 429, and lets it in again when one ends")
  func connectionsPerClient() async throws {
    var limits = Limits()
    limits.connectionsPerClient = 2
    try await withServer(.target, limits: limits) { server, address in
      let first = try TestClient(address)
      let second = try TestClient(address)
      for client in [first, second] {
        await client.send(request())
        #expect(await client.response()?.status == 200)
      }
      let third = try TestClient(address)
      let refused = try #require(await third.response())
      #expect(refused.status == 429 && refused["retry-after"] == "1" && refused["connection"] == "close")
      first.disconnect()
      while server.connectionCount > 1 { try await Task.sleep(for: .milliseconds(1)) }
      let fourth = try TestClient(address)
      await fourth.send(request())
      #expect(await fourth.response()?.status == 200)
    }
  }

  @Test("says when a crowd of connections has gone, once each time")
  func crowds() async throws {
    let gone = Protected(0)
    let server = Server(handler: .target, listen: [try ListenAddress("127.0.0.1:0")], onCrowdGone: { gone.withLock { $0 += 1 } })
    let address = try server.start()[0]
    func come(_ count: Int) async throws {
      let clients = try (0..<count).map { _ in try TestClient(address) }
      for client in clients {
        await client.send(request())
        #expect(await client.response()?.status == 200)
      }
      for client in clients { client.disconnect() }
      // A server learns of a client's end in its own time, and tells nobody: there is nothing else to wait for.
      while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
    }
    for (count, expected) in [(20, 0), (100, 1), (30, 1), (80, 2)] {
      try await come(count)
      #expect(gone.withLock { $0 } == expected, "after \(count) connections")
    }
    await server.shutdown(timeout: .zero)
  }

  @Test("lets a client in between the requests that another one pipelines without end")
  func fairness() async throws {
    let order = Protected<[String]>([])
    let (blocked, isOpen) = (Event(), DispatchSemaphore(value: 0))
    let handler = ClosureHandler { request in
      if request.target == "/block" {
        blocked.happen()
        Self.wait(for: isOpen)
      }
      order.withLock { $0.append(request.target) }
      return .text("")
    }
    try await withServer(handler) { _, address in
      let (blocker, greedy, modest) = (try TestClient(address), try TestClient(address), try TestClient(address))
      // Both are known to the loop before it is kept busy.
      for client in [greedy, modest] {
        await client.send(request("GET", "/first"))
        #expect(await client.response()?.status == 200)
      }
      await blocker.send(request("GET", "/block"))
      await blocked.wait()
      await greedy.send(String(repeating: request("GET", "/greedy"), count: 1000))
      await modest.send(request("GET", "/modest"))
      isOpen.signal()
      #expect(await modest.response()?.status == 200)
      for _ in 0..<1000 { #expect(await greedy.response()?.status == 200) }
      let place = try #require(order.withLock { $0.firstIndex(of: "/modest") })
      #expect(place < 500, "it is served after \(place - 3) of 1000 requests")
    }
  }

  /// Keeps the loop's thread, which is what an endless stream of requests would do.
  private static func wait(for semaphore: DispatchSemaphore) { semaphore.wait() }

  @Test("drops a client that sends nothing at all")
  func firstByte() async throws {
    var limits = Limits()
    limits.firstByteTime = .milliseconds(50)
    try await withServer(.target, limits: limits) { _, address in
      let client = try TestClient(address)
      #expect(await client.isEnded())
    }
  }

  @Test("answers 408 to a body that drips")
  func drippingBody() async throws {
    var limits = Limits()
    limits.rateWindow = .milliseconds(200)
    limits.minimumRate = 1_000_000
    try await withServer(.echo, limits: limits) { _, address in
      let client = try TestClient(address)
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
      let dripping = Task { while await client.send([7]) { try await Task.sleep(for: .milliseconds(5)) } }
      #expect(await client.response()?.status == 408)
      dripping.cancel()
    }
  }

  @Test("outlives a lack of descriptors: open connections are served, waiting ones once there is room")
  func descriptorExhaustion() async {
    await #expect(processExitsWith: .success) {
      // Room for 60 more than this process was born with.
      let highest = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int.init).max() ?? 2
      var limit = rlimit(rlim_cur: rlim_t(highest + 61), rlim_max: rlim_t(highest + 61))
      setrlimit(__rlimit_resource_t(7), &limit)
      try await withServer(.target) { _, address in
        let early = try TestClient(address)
        await early.send(request())
        try #require(await early.response()?.status == 200)
        var crowd: [TestClient] = []
        while let client = try? TestClient(address) { crowd.append(client) }
        // Each client has a descriptor of the process, and so has each connection that was accepted; no descriptor is left for anybody.
        try #require(crowd.count > 15)
        await early.send(request("GET", "/still"))
        try #require(await early.response()?.body == "/still")
        let last = crowd.removeLast()
        await last.send(request("GET", "/last"))
        crowd = []
        try #require(await last.response()?.body == "/last")
      }
    }
  }
}
