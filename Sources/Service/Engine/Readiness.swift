internal import Locking

/// Whether a load balancer should send requests here.
package final class Readiness: Sendable {
  package enum State: String, Sendable { case starting, ready, draining }

  private let stored = Protected(State.starting)

  package init() {}

  package var state: State {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }
}
