/// How fast a peer takes or sends bytes, measured only while it is waited for.
struct Pace: Equatable, Sendable {
  typealias Instant = ContinuousClock.Instant

  /// Since when nothing has moved; nil while nobody waits.
  private(set) var since: Instant?
  private var waited = Duration.zero
  private var bytes = 0

  mutating func startWaiting(at now: Instant) {
    if since == nil { since = now }
  }

  mutating func moved(_ count: Int, at now: Instant) {
    guard let since else { return }
    waited += now - since
    bytes += count
    self.since = now
  }

  mutating func stopWaiting(at now: Instant) {
    guard let since else { return }
    waited += now - since
    self.since = nil
  }

  /// Whether fewer than `rate` bytes a second moved in the last `window` of waiting; each window is judged by itself,
  /// so that a quick beginning buys no slow end.
  mutating func isTooSlow(rate: Int, window: Duration, at now: Instant) -> Bool {
    guard let since else { return false }
    let total = waited + (now - since)
    guard total >= window else { return false }
    guard Double(bytes) >= Double(rate) * (total / .seconds(1)) else { return true }
    // A window begins here, within the wait that goes on.
    (waited, bytes) = (since - now, 0)
    return false
  }
}
