import Benchmarking
import HTTP
import Locking
import Testing

@Suite struct LoadGeneratorTests {
  /// Runs a server for the length of a test.
  private static func withServer(
    at address: String = "127.0.0.1:0", limits: Limits = Limits(), _ handler: some Handler, _ test: (ListenAddress) async throws -> Void
  ) async throws {
    let server = Server(handler: handler, listen: [try ListenAddress(address)], limits: limits)
    let address = try server.start()[0]
    do {
      try await test(address)
    } catch {
      await server.shutdown(timeout: .zero)
      throw error
    }
    await server.shutdown(timeout: .zero)
  }

  private static func plan(_ address: ListenAddress, _ paths: [String] = ["/"], connections: Int = 4) throws -> LoadPlan {
    let destination = try address.path.map { try Destination(socketPath: $0) } ?? Destination(url: "http://\(address)")
    var plan = LoadPlan(destination, paths.map { LoadRequest("POST", $0, at: destination, fields: [("X", "y")], body: Array("ping".utf8)) })
    plan.connections = connections
    plan.warmUp = .milliseconds(20)
    plan.window = .milliseconds(50)
    plan.windows = 3
    // The number of windows is what the tests count on.
    plan.tolerance = 0
    return plan
  }

  @Test("Closed loop: no more requests at once than connections, every answer counted with its status and bytes")
  func closedLoop() async throws {
    let state = Protected((inFlight: 0, most: 0))
    let handler = ClosureHandler { request in
      state.withLock { state in
        state.inFlight += 1
        state.most = max(state.most, state.inFlight)
      }
      let body = (try? await request.body.collect()) ?? []
      state.withLock { $0.inFlight -= 1 }
      return .bytes(body, type: "a/b", status: request.target == "/bad" ? .unprocessableContent : .ok)
    }
    try await Self.withServer(handler) { address in
      let result = try await LoadGenerator.run(Self.plan(address, ["/", "/bad"]))
      let all = result.last
      #expect(result.windows.count == 3 && !result.isStable)
      let (good, bad) = (all.statuses[200] ?? 0, all.statuses[422] ?? 0)
      #expect(good > 0 && bad > 0 && all.statuses.count == 2 && all.failures.isEmpty && all.differing == 0)
      #expect(all.latencies.count == good && all.bytes == 4 * (good + bad))
      #expect(all.latencies.smallest > 0 && result.generatorShare > 0 && result.unanswered <= 4)
      #expect(state.withLock { $0.most } <= 4)
    }
  }

  @Test("Chunked answers, and servers that close each connection, are no failures", arguments: [false, true])
  func framings(closes: Bool) async throws {
    var limits = Limits()
    if closes { limits.requestsPerConnection = 1 }
    let handler = ClosureHandler { _ in
      Response(
        body: .stream(length: nil) { writer in
          for piece in ["ab", "cde"] { try await writer.write(Array(piece.utf8)) }
        })
    }
    try await Self.withServer(limits: limits, handler) { address in
      let all = try await LoadGenerator.run(Self.plan(address)).last
      #expect(all.latencies.count > 4 && all.statuses == [200: all.latencies.count] && all.failures.isEmpty && all.differing == 0)
      #expect(all.bytes == 5 * all.latencies.count)
    }
  }

  @Test("Answers that differ from the first one to the same request are counted")
  func differing() async throws {
    let number = Protected(0)
    let handler = ClosureHandler { request in
      let count = number.withLock { number in
        number += 1
        return number
      }
      return .text(request.target == "/same" ? "same" : "\(count)")
    }
    try await Self.withServer(handler) { address in
      let same = try await LoadGenerator.run(Self.plan(address, ["/same"])).last
      #expect(same.differing == 0 && same.latencies.count > 0)
      let other = try await LoadGenerator.run(Self.plan(address, ["/other"])).last
      #expect(other.differing == other.latencies.count && other.differing > 0)
    }
  }

  /// The point of an open loop: a server that stalls makes every request late that should have come meanwhile.
  @Test("Open loop: latency counts from when a request should have been sent")
  func openLoop() async throws {
    let stall = 100.0
    let handler = ClosureHandler { _ in
      try? await Task.sleep(for: .milliseconds(stall))
      return .text("late")
    }
    try await Self.withServer(handler) { address in
      var plan = try Self.plan(address, connections: 1)
      plan.arrivals = .poisson(rate: 1000, seed: 5)
      plan.warmUp = .zero
      plan.window = .milliseconds(500)
      plan.windows = 1
      var result = try await LoadGenerator.run(plan)
      // A machine that has no time for the server within a window needs a longer one.
      while result.last.latencies.count == 0, plan.window < .seconds(30) {
        plan.window *= 2
        result = try await LoadGenerator.run(plan)
      }
      let latencies = result.last.latencies
      // Request k of one connection is answered after k stalls at the earliest, and was due within the first milliseconds.
      #expect(latencies.count > 0)
      #expect(latencies.largest > Int(stall * 0.9e6) * latencies.count)
      #expect(result.unanswered > 100)
    }
  }

  @Test("An open loop asks at its rate, whoever is slow, and leaves nothing behind")
  func rate() async throws {
    let count = Protected(0)
    let handler = ClosureHandler { _ in
      count.withLock { $0 += 1 }
      return .text("ok")
    }
    try await Self.withServer(handler) { address in
      var plan = try Self.plan(address)
      plan.arrivals = .poisson(rate: 200, seed: 5)
      plan.warmUp = .zero
      plan.window = .milliseconds(200)
      let result = try await LoadGenerator.run(plan)
      let expected = PoissonArrivals(rate: 200, seed: 5).prefix { $0 < result.last.length }.count
      #expect(abs(result.last.latencies.count + result.unanswered - expected) <= 4 + expected / 10)
      #expect(count.withLock { $0 } >= result.last.latencies.count)
    }
  }

  @Test("A Unix-domain socket carries the same load")
  func unixSocket() async throws {
    let path = "/tmp/posterior-load-\(UInt32.random(in: 0 ... .max)).sock"
    try await Self.withServer(at: "unix:\(path)", ClosureHandler { _ in .text("ok") }) { address in
      let all = try await LoadGenerator.run(Self.plan(address)).last
      #expect(all.latencies.count > 0 && all.failures.isEmpty)
    }
  }

  @Test("A server that is not there is a failure by name, and the load goes on trying")
  func refused() async throws {
    // Bound and closed again: nobody listens there.
    let server = Server(handler: ClosureHandler { _ in .text("") }, listen: [try ListenAddress("127.0.0.1:0")])
    let address = try server.start()[0]
    await server.shutdown(timeout: .zero)
    let all = try await LoadGenerator.run(Self.plan(address)).last
    #expect(all.latencies.count == 0 && all.failures.values.reduce(0, +) > 0)
    #expect(all.failures.keys.allSatisfy { $0.contains("refused") })
  }

  @Test("A server that never answers is a failure by name")
  func timeout() async throws {
    let handler = ClosureHandler { _ in
      try? await Task.sleep(for: .seconds(60))
      return .text("")
    }
    try await Self.withServer(handler) { address in
      var plan = try Self.plan(address)
      plan.timeout = .milliseconds(50)
      plan.window = .milliseconds(200)
      let all = try await LoadGenerator.run(plan).last
      #expect(all.latencies.count == 0 && all.failures.keys.contains { $0.hasPrefix("no answer within") })
    }
  }

  @Test("One exchange gives status and body, and says who did not answer")
  func exchange() async throws {
    try await Self.withServer(ClosureHandler { .text("you said \($0.target)", status: .notFound) }) { address in
      let destination = try Destination(url: "http://\(address)/base")
      let exchange = try await Exchange.perform(LoadRequest("GET", "/x", at: destination), at: destination)
      #expect(exchange.status == 404 && exchange.body == Array("you said /base/x".utf8))
      await #expect(throws: Exchange.Failure.self) {
        try await Exchange.perform(LoadRequest("GET", "/x", at: destination), at: destination, limit: 3)
      }
    }
  }
}
