internal import HTTP
internal import Locking

/// How often clients have sent wrong keys, by address.
///
/// A right key passes however many wrong ones came from its address: behind one address may be many clients, and one of them must not lock out the
/// others. Guessing is hopeless at any rate (256 bits); the limit spares the log, and shows a client that goes wrong in a loop.
final class FailedKeys: Sendable {
  /// Ten at once, then one every six seconds.
  static let limit = RateLimit(perSecond: 1.0 / 6, burst: 10)

  private let buckets = Protected(TokenBuckets<ClientNetwork>(limit: limit, capacity: 16_384))

  /// Counts a failure.
  ///
  /// - Returns: how long the client should wait when there have been too many; nil also for clients without an internet address.
  func count(_ address: String, at now: ContinuousClock.Instant = .now) -> Duration? {
    guard let client = ClientNetwork(address) else { return nil }
    return buckets.withLock { $0.take(client, at: now) }
  }
}
