import Dispatch
import Locking

/// Holds a lane until it is opened.
final class Door: Sendable {
  private let opened = DispatchSemaphore(value: 0)
  private let someoneWaits = Protected(false)

  func wait() {
    someoneWaits.withLock { $0 = true }
    opened.wait()
  }

  func untilSomeoneWaits() async { while !someoneWaits.withLock({ $0 }) { await Task.yield() } }
  func open() { opened.signal() }
}
