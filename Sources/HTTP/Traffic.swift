internal import Synchronization

/// Bytes that this process has read from its connections and written to them, those of TLS as they are on the inside.
package enum Traffic {
  private static let counts = Counts()

  private struct Counts: ~Copyable, Sendable {
    let received = Atomic<Int>(0)
    let sent = Atomic<Int>(0)
  }

  static func received(_ bytes: Int) { counts.received.add(bytes, ordering: .relaxed) }
  static func sent(_ bytes: Int) { counts.sent.add(bytes, ordering: .relaxed) }

  package static var totals: (received: Int, sent: Int) {
    (counts.received.load(ordering: .relaxed), counts.sent.load(ordering: .relaxed))
  }
}
