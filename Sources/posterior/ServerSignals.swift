import Dispatch
import Foundation
import HTTP
import Synchronization

/// The signals that a server obeys, for as long as this is kept: SIGTERM and SIGINT stop it, a second one ends the process at once, SIGHUP
/// reads its certificate again.
final class ServerSignals {
  private let sources: [any DispatchSourceSignal]

  init(stop: @escaping @Sendable () async -> Void, reload: @escaping @Sendable () -> Void) {
    let stops = StopCount()
    sources = [
      Self.source(SIGTERM) { stops.stop(by: SIGTERM, stop) },
      Self.source(SIGINT) { stops.stop(by: SIGINT, stop) },
      Self.source(SIGHUP, reload),
    ]
  }

  private static func source(_ number: Int32, _ obey: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: obey)
    source.resume()
    return source
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
