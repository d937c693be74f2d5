/// How many requests a client may make: so many a second in the long run, and a burst at once.
package struct RateLimit: Sendable, Equatable {
  package let perSecond: Double
  package let burst: Double

  /// - Precondition: `perSecond` is positive and `burst` at least 1.
  package init(perSecond: Double, burst: Double? = nil) {
    let burst = burst ?? max(1, perSecond)
    precondition(perSecond > 0 && perSecond.isFinite && burst >= 1 && burst.isFinite, "a rate is positive and a burst at least 1")
    self.perSecond = perSecond
    self.burst = burst
  }
}

/// Token buckets of many clients: each fills at the limit's rate up to its burst, and a request takes one token.
package struct TokenBuckets<Client: Hashable & Sendable>: Sendable {
  package typealias Instant = ContinuousClock.Instant

  private struct Bucket: Sendable {
    var tokens: Double
    var filled: Instant
  }

  private let limit: RateLimit
  private let capacity: Int
  private var buckets: [Client: Bucket] = [:]

  /// - Parameter capacity: clients that are remembered at once, so that many clients can't fill the memory.
  package init(limit: RateLimit, capacity: Int = 65_536) {
    self.limit = limit
    self.capacity = capacity
  }

  package var count: Int { buckets.count }

  /// Takes a token of `client`.
  ///
  /// - Returns: nil when there was one, else the time until there will be.
  package mutating func take(_ client: Client, at now: Instant) -> Duration? {
    if buckets[client] == nil, buckets.count >= capacity { forget(at: now) }
    var bucket = buckets[client] ?? Bucket(tokens: limit.burst, filled: now)
    bucket.tokens = tokens(in: bucket, at: now)
    bucket.filled = now
    defer { buckets[client] = bucket }
    guard bucket.tokens >= 1 else { return .seconds((1 - bucket.tokens) / limit.perSecond) }
    bucket.tokens -= 1
    return nil
  }

  private func tokens(in bucket: Bucket, at now: Instant) -> Double {
    min(limit.burst, bucket.tokens + limit.perSecond * ((now - bucket.filled) / .seconds(1)))
  }

  /// A full bucket says nothing about its client. When hardly any is full, all are forgotten: that costs a burst, sweeping every time would cost more.
  private mutating func forget(at now: Instant) {
    buckets = buckets.filter { tokens(in: $0.value, at: now) < limit.burst }
    if buckets.count > capacity / 4 * 3 { buckets = [:] }
  }
}
