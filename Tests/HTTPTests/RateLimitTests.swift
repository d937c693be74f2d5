import HTTP
import Testing

@Suite("A rate limit")
struct RateLimitTests {
  private func answer(to address: String, from handler: some Handler) async throws -> Response {
    await handler.respond(to: try Request(.get, "/", remoteAddress: address))
  }

  @Test("answers 429 with the seconds to wait, to the client that is over it and nobody else")
  func refuses() async throws {
    let handler = ClosureHandler.target.limited(to: RateLimit(perSecond: 0.01, burst: 2)) { ClientNetwork($0.remoteAddress) }
    for address in ["10.0.0.1:5", "10.0.0.1:6", "10.0.0.2:5", "unix", "unix", "unix"] {
      let allowed = try await answer(to: address, from: handler)
      #expect(allowed.status == .ok)
    }
    let refused = try await answer(to: "10.0.0.1:7", from: handler)
    #expect(refused.status == .tooManyRequests)
    #expect((90...100).contains(Int(refused.headers["Retry-After"] ?? "") ?? 0))
  }

  @Test("counts an IPv6 network as one client, and IPv4 addresses one by one")
  func networks() {
    #expect(ClientNetwork("[2001:db8:1:2::3]:80") == ClientNetwork("[2001:db8:1:2:ffff::1]:9"))
    #expect(ClientNetwork("[2001:db8:1:2::3]:80") != ClientNetwork("[2001:db8:1:3::3]:80"))
    #expect(ClientNetwork("10.0.0.1:80") == ClientNetwork("10.0.0.1:81"))
    #expect(ClientNetwork("10.0.0.1:80") != ClientNetwork("10.0.0.2:80"))
    #expect(ClientNetwork("unix") == nil && ClientNetwork("unix:/a") == nil && ClientNetwork("") == nil)
  }

  @Test("fills again at its rate, up to its burst")
  func refills() {
    let start = ContinuousClock.now
    var buckets = TokenBuckets<Int>(limit: RateLimit(perSecond: 2, burst: 3))
    for _ in 0..<3 { #expect(buckets.take(1, at: start) == nil) }
    #expect(buckets.take(1, at: start) == .milliseconds(500))
    #expect(buckets.take(1, at: start + .milliseconds(250)) == .milliseconds(250), "asking costs nothing")
    #expect(buckets.take(1, at: start + .milliseconds(500)) == nil)
    for _ in 0..<3 { #expect(buckets.take(1, at: start + .seconds(1000)) == nil) }
    #expect(buckets.take(1, at: start + .seconds(1000)) == .milliseconds(500))
  }

  @Test("grants no more than its rate over any stretch of time", arguments: [1.0, 7, 1000])
  func law(rate: Double) {
    let start = ContinuousClock.now
    var buckets = TokenBuckets<Int>(limit: RateLimit(perSecond: rate, burst: 5))
    var granted = 0
    for step in 0..<10_000 where buckets.take(1, at: start + .milliseconds(step)) == nil { granted += 1 }
    #expect(granted <= Int(5 + rate * 10) && granted >= min(10_000, Int(4 + rate * 9.9)))
  }

  @Test("remembers a bounded number of clients, those that are over their limit before others")
  func bounded() {
    let start = ContinuousClock.now
    var buckets = TokenBuckets<Int>(limit: RateLimit(perSecond: 0.001, burst: 1), capacity: 8)
    for client in 0..<4 { _ = buckets.take(client, at: start) }
    for client in 4..<8 { _ = buckets.take(client, at: start + .seconds(900)) }
    #expect(buckets.take(8, at: start + .seconds(1000)) == nil)
    #expect(buckets.count == 5, "four buckets were full again")
    #expect(buckets.take(4, at: start + .seconds(1000)) != nil)
    for client in 0..<100 { _ = buckets.take(client, at: start + .seconds(1000)) }
    #expect(buckets.count <= 8)
  }
}
