import Dispatch
import Foundation
import Testing

import Tensors

@Suite("Threads of one operation", .serialized) struct ThreadTeamTests {
  /// Counts how often each block was computed; written by several threads.
  ///
  /// Safe because: the counts are only touched under the lock, one that Thread Sanitizer knows.
  private final class Counts: @unchecked Sendable {
    private let lock = NSLock()
    private var counts: [Int]

    init(_ blocks: Int) { counts = [Int](repeating: 0, count: blocks) }
    func add(_ block: Int) { lock.withLock { counts[block] += 1 } }
    var all: [Int] { lock.withLock { counts } }
  }

  @Test("every block is computed exactly once, call after call", arguments: [1, 2, 3, 8])
  func exactlyOnce(width: Int) {
    defer { Parallelism.width = 1 }
    Parallelism.width = width
    for call in 0..<2_000 {
      let blocks = call % 17
      let counts = Counts(blocks)
      Parallelism.perform(blocks: blocks) { counts.add($0) }
      #expect(counts.all == [Int](repeating: 1, count: blocks))
    }
  }

  @Test("parts cover every index exactly once, whatever the count and the cost of an index", arguments: [1, 2, 3])
  func parts(width: Int) {
    defer { Parallelism.width = 1 }
    Parallelism.width = width
    for (count, cost) in [(0, 1), (1, 1_000_000), (7, 10_000), (128, 784), (100_000, 1), (32_768, 1), (50_001, 3)] {
      let counts = Counts(count)
      Parallelism.performParts(count, cost: cost) { start, length in for index in start..<start + length { counts.add(index) } }
      #expect(counts.all == [Int](repeating: 1, count: count), "\(count) at \(cost)")
    }
  }

  @Test("what the blocks wrote is there when the call returns")
  func visibility() {
    defer { Parallelism.width = 1 }
    Parallelism.width = 3
    for call in 0..<2_000 {
      let sums = Tensor(shape: [64]) { y in Parallelism.perform(blocks: 64) { y[$0] = Float($0 + call) } }
      #expect(sums.scalars == (0..<64).map { Float($0 + call) })
    }
  }

  @Test("calls inside a call and calls from several threads at once all end, each with its own blocks")
  func nestedAndConcurrent() {
    defer { Parallelism.width = 1 }
    Parallelism.width = 3
    let outer = Counts(4 * 25)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      for round in 0..<25 {
        let inner = Counts(5 * 7)
        Parallelism.perform(blocks: 5) { block in Parallelism.perform(blocks: 7) { inner.add(block * 7 + $0) } }
        if inner.all == [Int](repeating: 1, count: 35) { outer.add(caller * 25 + round) }
      }
    }
    #expect(outer.all == [Int](repeating: 1, count: 100))
  }

  @Test("helpers that fell asleep come back")
  func sleep() async throws {
    defer { Parallelism.width = 1 }
    Parallelism.width = 2
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(5))
      let counts = Counts(64)
      Parallelism.perform(blocks: 64) { counts.add($0) }
      #expect(counts.all == [Int](repeating: 1, count: 64))
    }
  }
}
