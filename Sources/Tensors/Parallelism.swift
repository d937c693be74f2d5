internal import COpenBLAS
internal import Dispatch
internal import Synchronization

/// How many threads one arithmetic operation may use: one when a lane serves, every core when training.
///
/// Work is cut into blocks whose results do not depend on who computes them. OpenBLAS itself always runs on the calling thread.
package enum Parallelism {
  private static let storedWidth = Atomic<Int>(1)

  /// Threads an operation; set once at start.
  package static var width: Int {
    get { storedWidth.load(ordering: .relaxed) }
    set { storedWidth.store(max(1, newValue), ordering: .relaxed) }
  }

  /// OpenBLAS on one thread a call: the cut into blocks is ours, so that two libraries' threads never compete for the cores.
  static let singleThreadedBLAS: Void = openblas_set_num_threads(1)

  /// Runs `body` for every block, on several threads where the width allows it and the work is worth a wake-up.
  package static func perform(blocks: Int, worthwhile: Bool = true, _ body: (Int) -> Void) {
    let workers = worthwhile ? min(blocks, width) : 1
    guard workers > 1 else {
      for block in 0..<blocks { body(block) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let body = UncheckedBody(call: body)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for block in stride(from: worker, to: blocks, by: workers) { body.call(block) }
      }
    }
  }

  /// Safe because: `concurrentPerform` returns after every call has returned, and every caller's blocks write to disjoint memory.
  private struct UncheckedBody: @unchecked Sendable {
    let call: (Int) -> Void
  }
}
