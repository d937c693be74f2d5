import Foundation
import Synchronization

/// The signals that a server obeys: SIGTERM and SIGINT stop it, a second one ends the process at once, SIGHUP reads its certificate again.
enum ServerSignals {
  static func obey(stop: @escaping @Sendable () async -> Void, reload: @escaping @Sendable () -> Void) {
    let (signals, stops) = (SignalPipe(SIGTERM, SIGINT, SIGHUP), StopCount())
    Thread {
      while let number = signals.next() {
        if number == SIGHUP { reload() } else { stops.stop(by: number, stop) }
      }
    }.start()
  }
}

/// Tells the first signal to stop from the second.
private final class StopCount: Sendable {
  private let isStopping = Atomic(false)

  func stop(by number: Int32, _ stop: @escaping @Sendable () async -> Void) {
    // The exit code says which signal cut the requests under way short.
    if isStopping.exchange(true, ordering: .relaxed) { _exit(128 + number) }
    Task { await stop() }
  }
}
