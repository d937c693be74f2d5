internal import Dispatch
internal import Locking

/// Where lanes find their next piece of work.
protocol WorkSource: AnyObject, Sendable {
  /// Takes the next piece of work; nil where there is none that may begin now.
  func takeWork() -> (() -> Void)?
  /// Whether `takeWork` would give something.
  var hasWork: Bool { get }
}

/// A fixed number of Dispatch threads that work until their source has nothing more, so that blocking never reaches an I/O loop or Swift's own pool.
///
/// A lane is a loop on one thread; at most `width` are open at once, so the concurrent queue below never holds more blocks than lanes.
final class Lanes: Sendable {
  let width: Int
  private let queue: DispatchQueue
  private let open = Protected(0)

  init(_ label: String, width: Int) {
    precondition(width > 0, "\(width) lanes")
    self.width = width
    queue = DispatchQueue(label: "posterior.\(label)", attributes: .concurrent)
  }

  /// Lanes at work.
  var busy: Int { open.withLock { $0 } }

  /// Opens a lane unless all are; to be called after work was put where the source finds it.
  func wake(_ source: any WorkSource) {
    guard openOne() else { return }
    queue.async { self.drain(source) }
  }

  /// Wakes a lane later, for work that may not begin yet.
  func wake(_ source: any WorkSource, after delay: Duration) {
    let nanoseconds = max(0, Int(delay / .nanoseconds(1)))
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak source] in
      if let source { self.wake(source) }
    }
  }

  private func openOne() -> Bool {
    open.withLock { open in
      guard open < width else { return false }
      open += 1
      return true
    }
  }

  private func drain(_ source: any WorkSource) {
    repeat {
      while let work = source.takeWork() { work() }
      open.withLock { $0 -= 1 }
      // Work that came between the last look and the closing found every lane open and woke nobody: look again.
    } while source.hasWork && openOne()
  }
}
