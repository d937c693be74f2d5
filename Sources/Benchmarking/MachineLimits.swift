internal import CKernels
internal import CKernels.Peak
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Locking

/// What this machine can do at most, measured: multiply-adds and bytes of memory a second.
///
/// Whatever disturbs a measurement makes it slower, so the best of several is the limit.
package struct MachineLimits: Sendable, Equatable {
  /// The two arithmetic rates count a fused multiply-add as two operations, as is the custom.
  package struct Rates: Sendable, Equatable {
    /// 10⁹ operations a second.
    package var gigaflops: Double
    /// 10⁹ bytes a second, of arrays larger than every cache.
    package var read: Double
    /// The same for copying; bytes read and bytes written both count.
    package var copied: Double

    package init(gigaflops: Double, read: Double, copied: Double) {
      self.gigaflops = gigaflops
      self.read = read
      self.copied = copied
    }

    fileprivate mutating func raise(to other: Rates) {
      gigaflops = max(gigaflops, other.gigaflops)
      read = max(read, other.read)
      copied = max(copied, other.copied)
    }
  }

  package let threads: Int
  package private(set) var oneThread: Rates
  /// `threads` threads together, each for itself.
  package private(set) var allThreads: Rates

  package init(threads: Int, oneThread: Rates, allThreads: Rates) {
    self.threads = threads
    self.oneThread = oneThread
    self.allThreads = allThreads
  }

  /// The share of all threads' multiply-adds that some work reaches, in per cent.
  package func percent(multiplyAddsPerSecond: Double) -> Double { 100 * 2 * multiplyAddsPerSecond / (1e9 * allThreads.gigaflops) }

  /// The share of all threads' reading that some work reaches, in per cent.
  package func percent(bytesReadPerSecond: Double) -> Double { 100 * bytesReadPerSecond / (1e9 * allThreads.read) }
}

extension MachineLimits {
  /// Measures for about half a second; `bytes` is the size of the arrays, which should be several times that of the largest cache.
  package static func measured(threads: Int = ProcessInfo.processInfo.activeProcessorCount, bytes: Int = 128 << 20, passes: Int = 6) -> MachineLimits
  {
    precondition(threads > 0 && passes > 0, "\(passes) passes on \(threads) threads")
    let memory = Memory(bytes: bytes, threads: threads)
    func best(_ threads: Int) -> Rates {
      var best = rates(threads, memory)
      for _ in 1..<passes { best.raise(to: rates(threads, memory)) }
      return best
    }
    let one = best(1)
    var all = threads == 1 ? one : best(threads)
    // All threads can do what one can.
    all.raise(to: one)
    return MachineLimits(threads: threads, oneThread: one, allThreads: all)
  }

  /// The better of this measurement and a new one, made at another moment.
  package func measuredAgain() -> MachineLimits {
    let other = Self.measured(threads: threads)
    var better = self
    better.oneThread.raise(to: other.oneThread)
    better.allThreads.raise(to: other.allThreads)
    return better
  }

  private static func rates(_ threads: Int, _ memory: Memory) -> Rates {
    // Some five milliseconds, far more than it takes to wake the other threads.
    let rounds = 1_600_000
    let operations = Double(2 * rounds * kernel_peak_multiply_adds_a_round())
    let part = memory.bytes / threads / Int(KERNEL_PEAK_BLOCK) * Int(KERNEL_PEAK_BLOCK)
    let gigaflops = billions(threads, of: operations) { _ in
      // These keep the sums at about 1, where no processor is slow.
      let sum = kernel_peak_multiply_adds(rounds, 0.9, 0.1)
      precondition(sum.isFinite)
    }
    let read = billions(threads, of: Double(part)) { thread in
      let bits = kernel_peak_read(memory.source + thread * part, part)
      memory.sum.withLock { $0 ^= bits }
    }
    let copied = billions(threads, of: Double(2 * part)) { thread in
      (memory.target + thread * part).copyMemory(from: memory.source + thread * part, byteCount: part)
    }
    return Rates(gigaflops: gigaflops, read: read, copied: copied)
  }

  /// 10⁹ units a second that `threads` threads do side by side, each `units` of them.
  ///
  /// A thread's rate is by the processor time that it had, so that other processes do not make the machine look slow; the rates are added up.
  private static func billions(_ threads: Int, of units: Double, _ work: @Sendable (_ thread: Int) -> Void) -> Double {
    let total = Protected(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let start = processorNanoseconds()
      work(thread)
      let rate = units / (processorNanoseconds() - start)
      total.withLock { $0 += rate }
    }
    return total.withLock { $0 }
  }

  /// The processor time that this thread has had.
  package static func processorNanoseconds() -> Double {
    var time = timespec()
    precondition(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0, "no clock for a thread's processor time")
    return 1e9 * Double(time.tv_sec) + Double(time.tv_nsec)
  }

  /// Two arrays that every thread has a part of.
  private final class Memory: Sendable {
    let bytes: Int
    // Safe because each thread touches a part of its own, and one measurement ends before the next begins.
    nonisolated(unsafe) let source, target: UnsafeMutableRawPointer
    /// What was read, so that no compiler can leave the reading out.
    let sum = Protected<UInt64>(0)

    init(bytes: Int, threads: Int) {
      self.bytes = max(bytes, threads * Int(KERNEL_PEAK_BLOCK))
      source = .allocate(byteCount: self.bytes, alignment: 64)
      target = .allocate(byteCount: self.bytes, alignment: 64)
      // Pages that were never written are all one page of zeros.
      source.initializeMemory(as: UInt8.self, repeating: 1, count: self.bytes)
      target.initializeMemory(as: UInt8.self, repeating: 2, count: self.bytes)
    }

    deinit {
      source.deallocate()
      target.deallocate()
    }
  }
}
