internal import CKernels
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Threads that help one caller at a time with short blocks of arithmetic.
///
/// Training makes thousands of such calls a second, each a few dozen microseconds long, so a helper looks for the next call for a while before it
/// sleeps: waking a thread would take as long as the work. A caller never waits for a helper that has not come; a late one finds nothing to do.
final class ThreadTeam: Sendable {
  static let shared = ThreadTeam()

  /// The call that helpers may join: its number, whether it is open, and how many helpers are in it.
  private struct Gate {
    var word: Int
    static let open = 1 << 16

    var isOpen: Bool { word & Self.open != 0 }
    var helpers: Int { word & (Self.open - 1) }
    var call: Int { word >> 17 }

    static func opening(call: Int) -> Int { call << 17 | open }
  }

  /// Waits in a loop, and lets other threads have the core now and then: on a busy machine the one waited for may be among them.
  private struct Patience {
    private var rounds = 0
    /// Whether another thread took the core when it was offered: looking on would only keep others from working.
    private(set) var wasPushedAside = false
    /// Whether about a twentieth of a millisecond went by.
    var isOver: Bool { rounds >= 4_096 || wasPushedAside }

    mutating func wait() {
      rounds += 1
      guard rounds % 512 == 0 else { return kernel_pause() }
      let start = ContinuousClock.now
      sched_yield()
      if ContinuousClock.now - start > .microseconds(20) { wasPushedAside = true }
    }
  }

  private struct Call {
    var body: (Int) -> Void = { _ in }
    var blocks = 0
    var threads = 0
  }

  private let isTaken = Atomic<Bool>(false)
  private let gate = Atomic<Int>(0)
  private let nextBlock = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let wakeUp = DispatchSemaphore(value: 0)
  /// Safe because: only the holder of `isTaken` writes it, with the gate shut and no helper inside; helpers read it between entering and leaving.
  private nonisolated(unsafe) var current = Call()
  /// Safe because: only the holder of `isTaken` touches it.
  private nonisolated(unsafe) var helpers = 0

  /// Runs `body` for every block on up to `threads` threads, the caller's included; false, and nothing done, where another caller has the team.
  func perform(blocks: Int, threads: Int, _ body: (Int) -> Void) -> Bool {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    hire(threads - 1)
    withoutActuallyEscaping(body) { body in
      current = Call(body: body, blocks: blocks, threads: threads)
      nextBlock.store(0, ordering: .relaxed)
      gate.store(Gate.opening(call: Gate(word: gate.load(ordering: .relaxed)).call + 1), ordering: .sequentiallyConsistent)
      for _ in 0..<sleepers.exchange(0, ordering: .sequentiallyConsistent) { wakeUp.signal() }
      workThrough(current)
      var left = Gate(word: gate.bitwiseAnd(~Gate.open, ordering: .acquiring).newValue)
      var patience = Patience()
      while left.helpers > 0 {
        patience.wait()
        left = Gate(word: gate.load(ordering: .acquiring))
      }
      current = Call()
    }
    return true
  }

  private func workThrough(_ call: Call) {
    while true {
      let block = nextBlock.wrappingAdd(1, ordering: .relaxed).oldValue
      guard block < call.blocks else { return }
      call.body(block)
    }
  }

  private func hire(_ count: Int) {
    while helpers < count {
      let place = helpers
      let thread = Thread { self.help(place: place) }
      thread.name = "posterior.math.\(place)"
      thread.start()
      helpers += 1
    }
  }

  /// The life of a helper.
  private func help(place: Int) {
    var lastCall = 0
    while true {
      let word = waitForCall(after: lastCall)
      lastCall = Gate(word: word).call
      guard enter(lastCall) else { continue }
      serve(place: place)
      gate.wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// Returns with no reference to the caller's closure left.
  @inline(never) private func serve(place: Int) {
    let call = current
    if place < call.threads - 1 { workThrough(call) }
  }

  /// Joins a call while it is open.
  private func enter(_ call: Int) -> Bool {
    var seen = Gate(word: gate.load(ordering: .relaxed))
    while seen.isOpen, seen.call == call {
      let (exchanged, original) = gate.weakCompareExchange(expected: seen.word, desired: seen.word + 1, ordering: .acquiring)
      if exchanged { return true }
      seen = Gate(word: original)
    }
    return false
  }

  /// Looks for a while, then sleeps.
  private func waitForCall(after last: Int) -> Int {
    while true {
      var patience = Patience()
      while !patience.isOver {
        let word = gate.load(ordering: .relaxed)
        if Gate(word: word).isOpen, Gate(word: word).call != last { return word }
        patience.wait()
      }
      sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
      let word = gate.load(ordering: .sequentiallyConsistent)
      if Gate(word: word).isOpen, Gate(word: word).call != last, withdrawFromSleepers() { return word }
      wakeUp.wait()
    }
  }

  /// False where a caller has already counted this helper as asleep and signals it.
  private func withdrawFromSleepers() -> Bool {
    var count = sleepers.load(ordering: .relaxed)
    while count > 0 {
      let (exchanged, original) = sleepers.weakCompareExchange(expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      count = original
    }
    return false
  }
}
