internal import Locking

/// What the log says of a request beside what its answer tells: gathered while it is answered.
final class RequestNotes: Sendable {
  private struct State {
    var key: String?
    var durations: [(name: String, milliseconds: Double)] = []
  }
  private let state = Protected(State())

  /// The identifier of the key that it came with, which is not its secret.
  var key: String? {
    get { state.withLock { $0.key } }
    set { state.withLock { $0.key = newValue } }
  }

  /// Where its time went.
  var durations: [(name: String, milliseconds: Double)] { state.withLock { $0.durations } }

  func note(_ name: String, _ duration: Duration) {
    state.withLock { $0.durations.append((name, (duration / .microseconds(10)).rounded() / 100)) }
  }
}
