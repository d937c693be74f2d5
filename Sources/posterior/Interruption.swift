import Foundation
import Locking

/// Ctrl-C and SIGTERM as a request to stop after the current step; a second one ends the process as usual.
final class Interruption {
  private final class Flag: Sendable {
    private let value = Protected(false)
    /// The exit code of a process that has nothing to keep.
    let code = Protected<Int32?>(nil)

    var isRaised: Bool { value.withLock { $0 } }

    /// Raises the flag and says whether it was up already.
    func raise() -> Bool {
      value.withLock { value in
        defer { value = true }
        return value
      }
    }
  }

  private let flag = Flag()

  /// - Parameter endsWithInput: whether the end of standard input is such a request as well.
  init(endsWithInput: Bool = false) {
    let signals = SignalPipe(SIGINT, SIGTERM)
    Thread { [flag] in
      while let number = signals.next() {
        if let code = flag.code.withLock({ $0 }) { exit(code) }
        if flag.raise() { exit(128 + number) }
      }
    }.start()
    guard endsWithInput else { return }
    Thread { [flag] in
      while !FileHandle.standardInput.availableData.isEmpty {}
      if let code = flag.code.withLock({ $0 }) { exit(code) }
      _ = flag.raise()
    }.start()
  }

  /// From now on a request ends the process.
  func endsAtOnce(with code: Int32) {
    flag.code.withLock { $0 = code }
    if flag.isRaised { exit(code) }
  }

  var isRequested: Bool { flag.isRaised }
}
