import Benchmarking
import Testing

@Suite("The machine's own limits") struct MachineLimitsTests {
  @Test("Every rate is measured, and all threads have at least what one has", arguments: [1, 2, 3])
  func measured(threads: Int) {
    let limits = MachineLimits.measured(threads: threads, bytes: 1 << 20, passes: 2)
    #expect(limits.threads == threads)
    for rates in [limits.oneThread, limits.allThreads] {
      #expect([rates.gigaflops, rates.read, rates.copied].allSatisfy { $0 > 0 && $0.isFinite })
    }
    let (one, all) = (limits.oneThread, limits.allThreads)
    #expect(all.gigaflops >= one.gigaflops && all.read >= one.read && all.copied >= one.copied)
  }

  @Test("Shares follow from the rates: a multiply-add counts twice, bytes once")
  func shares() {
    let limits = MachineLimits(
      threads: 2, oneThread: .init(gigaflops: 250, read: 10, copied: 12), allThreads: .init(gigaflops: 500, read: 20, copied: 24))
    #expect(limits.percent(multiplyAddsPerSecond: 125e9) == 50)
    #expect(limits.percent(multiplyAddsPerSecond: 0) == 0)
    #expect(limits.percent(bytesReadPerSecond: 5e9) == 25)
  }
}
