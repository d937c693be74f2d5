internal import Formats
internal import Locking
internal import Registry

/// Tokens that a browser trades, once, for a key of its own, so that nobody carries an admin key into a page.
///
/// They are kept in memory alone, as hashes, and end with the server; a thousand at most wait to be used, of which the oldest go first.
package final class SignInLinks: Sendable {
  /// How long a link waits for its use.
  package static let lifetime = Duration.seconds(3600)
  /// How long the key is good that a link is traded for.
  static let keyLifetime = Duration.seconds(12 * 3600)
  private static let capacity = 1000

  private struct Waiting {
    let digest: Digest
    let end: ContinuousClock.Instant
  }

  private let waiting = Protected<[Waiting]>([])

  package init() {}

  /// A new token.
  package func make(at now: ContinuousClock.Instant = .now) -> String {
    let token = RandomSecret.digits()
    waiting.withLock { waiting in
      waiting.removeAll { $0.end <= now }
      if waiting.count >= Self.capacity { waiting.removeFirst() }
      waiting.append(Waiting(digest: SHA256.digest(Array(token.utf8)), end: now + Self.lifetime))
    }
    return token
  }

  /// Whether a token is one of these; it is none from then on.
  package func use(_ token: String, at now: ContinuousClock.Instant = .now) -> Bool {
    let digest = SHA256.digest(Array(token.utf8))
    return waiting.withLock { waiting in
      guard let index = waiting.firstIndex(where: { $0.digest == digest && $0.end > now }) else { return false }
      waiting.remove(at: index)
      return true
    }
  }
}
