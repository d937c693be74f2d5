import Locking

extension Handler {
  /// This handler behind a rate limit: a client over it is answered 429 with `Retry-After` (RFC 6585 §4).
  ///
  /// - Parameter client: who a request counts for; nil for requests that are not limited.
  package func limited<Client: Hashable & Sendable>(
    to limit: RateLimit, refuse: @escaping RefusalResponse = Refusal.plainText, by client: @escaping @Sendable (Request) -> Client?
  ) -> some Handler {
    let buckets = BucketStore<Client>(limit)
    return decorated { request, next in
      guard let client = client(request), let wait = buckets.take(client) else { return await next.respond(to: request) }
      let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
      return refuse(Refusal(.tooManyRequests, "Too many requests; the next one is welcome in \(seconds) s.", headers: ["Retry-After": "\(seconds)"]))
    }
  }
}

/// Buckets that every loop's thread takes from.
private final class BucketStore<Client: Hashable & Sendable>: Sendable {
  private let buckets: Protected<TokenBuckets<Client>>

  init(_ limit: RateLimit) { buckets = Protected(TokenBuckets(limit: limit)) }

  func take(_ client: Client) -> Duration? { buckets.withLock { $0.take(client, at: .now) } }
}
