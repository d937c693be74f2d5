internal import Locking

/// Whether a load balancer should send requests here.
package final class Readiness: Sendable {
  package enum State: String, Sendable { case starting, ready, draining }

  private let stored = Protected(State.starting)

  private let failed = Protected<[String]>([])

  package init() {}

  /// Live versions that could not be loaded at the start, as `name@version`.
  package var failedModels: [String] {
    get { failed.withLock { $0 } }
    set { failed.withLock { $0 = newValue } }
  }

  package var state: State {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  /// Ready, unless the signal to stop has come first.
  package func beginServing() {
    stored.withLock { if $0 == .starting { $0 = .ready } }
  }
}
