internal import Synchronization

/// How many threads one arithmetic operation may use: one when a lane serves, every core when training.
///
/// Work is cut into blocks whose results do not depend on who computes them.
package enum Parallelism {
  private static let storedWidth = Atomic<Int>(1)

  /// Threads an operation; set once at start.
  package static var width: Int {
    get { storedWidth.load(ordering: .relaxed) }
    set { storedWidth.store(max(1, newValue), ordering: .relaxed) }
  }

  /// Runs `body` for every block, on several threads where the width allows it and the work is worth a wake-up.
  package static func perform(blocks: Int, worthwhile: Bool = true, _ body: (Int) -> Void) {
    let threads = worthwhile ? min(blocks, width) : 1
    if threads > 1, ThreadTeam.shared.perform(blocks: blocks, threads: threads, body) { return }
    for block in 0..<blocks { body(block) }
  }

  /// Runs `body` for consecutive parts of `0..<count`, each given by its start and length, on several threads where there is enough to do.
  ///
  /// For work whose result at an index depends on that index alone; `cost` is what one index takes, in element-wise operations.
  package static func performParts(_ count: Int, cost: Int = 1, _ body: (_ start: Int, _ length: Int) -> Void) {
    let grain = 1 << 14
    guard width > 1, count > 1, count * cost >= 2 * grain else { return body(0, count) }
    let length = max(1, grain / max(cost, 1))
    perform(blocks: (count + length - 1) / length) { block in body(block * length, min(length, count - block * length)) }
  }
}
