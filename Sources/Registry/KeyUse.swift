import Locking

/// When each key was last used, to the minute, collected in memory so that a request costs no transaction.
final class KeyUse: Sendable {
  private static let grain: Int64 = 60_000
  private let state = Protected(State())

  private struct State {
    /// By the key's identifier: not written yet.
    var pending: [String: Timestamp] = [:]
    var written: [String: Timestamp] = [:]
    var lastFlush: Int64 = 0
  }

  func note(_ id: String, at time: Timestamp) {
    let minute = Timestamp(milliseconds: time.milliseconds / Self.grain * Self.grain)
    state.withLock { if $0.written[id] != minute { $0.pending[id] = minute } }
  }

  /// What is to be written now: at most once a minute, unless `isForced`.
  func take(at time: Timestamp, isForced: Bool) -> [String: Timestamp] {
    state.withLock { state in
      guard !state.pending.isEmpty, isForced || time.milliseconds - state.lastFlush >= Self.grain else { return [:] }
      defer {
        state.written.merge(state.pending) { $1 }
        state.pending = [:]
        state.lastFlush = time.milliseconds
      }
      return state.pending
    }
  }
}
