import Benchmarking
import Testing

@Suite struct StablePointTests {
  /// A second with so many answers of so many nanoseconds.
  static func window(_ rate: Int, _ latency: Int) -> LoadWindow {
    var window = LoadWindow(length: 1_000_000_000)
    for _ in 0..<rate { window.latencies.record(latency) }
    return window
  }

  @Test(
    "Stable are three windows whose rates and medians are within a tenth of the smallest",
    arguments: [
      ([(100, 100), (100, 100), (100, 100)], true), ([(100, 100), (110, 110), (105, 105)], true), ([(100, 100), (111, 100), (100, 100)], false),
      ([(100, 100), (100, 112), (100, 100)], false), ([(100, 100), (100, 100)], false), ([], false),
      // Only the last three count.
      ([(10, 900), (100, 100), (100, 100), (100, 100)], true), ([(100, 100), (100, 100), (100, 100), (50, 100)], false),
      // No answer has no latency.
      ([(0, 0), (0, 0), (0, 0)], false),
    ] as [([(Int, Int)], Bool)])
  func examples(windows: [(Int, Int)], isReached: Bool) {
    #expect(StablePoint.isReached(windows.map { Self.window($0.0, $0.1) }, tolerance: 0.1) == isReached)
  }

  @Test("Where requests come at random, windows may differ by what chance does to their numbers, and by no more")
  func randomArrivals() {
    let windows = [(300, 100), (328, 100), (355, 100)].map { Self.window($0.0, $0.1) }
    #expect(!StablePoint.isReached(windows, tolerance: 0.1))
    #expect(StablePoint.isReached(windows, tolerance: 0.1, hasRandomArrivals: true))
    // A server that falls behind: a third of the requests come to nothing.
    let falling = [(30_000, 100), (25_000, 100), (20_000, 100)].map { Self.window($0.0, $0.1) }
    #expect(!StablePoint.isReached(falling, tolerance: 0.1, hasRandomArrivals: true))
    let slowing = [(300, 100), (300, 150), (300, 200)].map { Self.window($0.0, $0.1) }
    #expect(!StablePoint.isReached(slowing, tolerance: 0.1, hasRandomArrivals: true))
  }

  @Test("Windows together have all answers over all of the time")
  func merging() {
    var sum = Self.window(100, 1000)
    var other = Self.window(300, 2000)
    (other.statuses, other.failures, other.bytes, other.differing) = ([200: 300, 503: 2], ["reset": 1], 9, 1)
    sum.merge(other)
    #expect(sum.rate == 200 && sum.latencies.count == 400 && sum.latencies.largest == 2000)
    #expect(sum.statuses == [200: 300, 503: 2] && sum.failures == ["reset": 1] && sum.bytes == 9 && sum.differing == 1)
    #expect(LoadWindow(length: 0).rate == 0)
  }
}
