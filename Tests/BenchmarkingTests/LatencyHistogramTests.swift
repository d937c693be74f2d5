import Benchmarking
import Testing

@Suite struct LatencyHistogramTests {
  private static let fractions = [0, 0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1]

  private static func values(_ count: Int, seed: UInt64) -> [Int] {
    // From a nanosecond to ten seconds, every decade as often.
    var clock = PoissonArrivals(rate: 1e9, seed: seed)
    var before = 0
    return (0..<count).map { index in
      let time = clock.next() ?? 0
      defer { before = time }
      let scale = [1, 10, 1000, 100_000, 10_000_000, 1_000_000_000][index % 6]
      return (time - before) * scale
    }
  }

  @Test("A quantile is never below the nearest rank of the sorted values, and less than 1/256 above it", arguments: [1, 2, 3, 100, 20_000])
  func quantiles(count: Int) throws {
    let values = Self.values(count, seed: UInt64(count))
    var histogram = LatencyHistogram()
    for value in values { histogram.record(value) }
    let sorted = values.sorted()
    for fraction in Self.fractions {
      let exact = sorted[max(1, Int((fraction * Double(count)).rounded(.up))) - 1]
      let given = try #require(histogram.quantile(fraction))
      #expect(given >= exact && Double(given) <= Double(exact) * (1 + 1 / 256), "\(fraction): \(given) for \(exact)")
    }
    #expect(histogram.count == count && histogram.smallest == sorted.first && histogram.largest == sorted.last)
    #expect(histogram.quantile(1) == sorted.last)
    #expect(histogram.mean == Double(values.reduce(0, +)) / Double(count))
  }

  @Test("Values at the edges of every power of two are in buckets of less than 1/256 of them", arguments: 0..<60)
  func edges(exponent: Int) throws {
    for value in [(1 << exponent) - 1, 1 << exponent, (1 << exponent) + 1] {
      var histogram = LatencyHistogram()
      histogram.record(value)
      histogram.record(1 << 61)
      let given = try #require(histogram.quantile(0.5))
      #expect(given >= value && given - value <= value / 256)
    }
  }

  @Test("Histograms that are merged are the histogram of all values")
  func merging() {
    let (first, second) = (Self.values(1000, seed: 1), Self.values(700, seed: 2).map { $0 / 1000 })
    var (a, b, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
    for value in first { a.record(value) }
    for value in second { b.record(value) }
    for value in first + second { both.record(value) }
    var merged = LatencyHistogram()
    for part in [b, LatencyHistogram(), a] { merged.merge(part) }
    #expect(merged == both)
  }

  @Test("Without values there are no quantiles")
  func empty() {
    let histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil && histogram.mean == nil)
  }
}
