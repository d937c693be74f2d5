import Studies
import Testing

@Suite("Means and deviations over seeds")
struct SampleTests {
  @Test("of five numbers the mean's interval is that of Student's t with four degrees of freedom")
  func interval() throws {
    let sample = Sample([2, 4, 4, 5, 10])
    let interval = try #require(sample.meanInterval)
    // s = 3, and t_{0.975, 4} = 2.776445.
    #expect(sample.mean == 5 && sample.deviation == 3)
    #expect(abs((interval.upperBound - 5) / (3 / 5.0.squareRoot()) - 2.776445) < 1e-6)
    #expect(abs(interval.lowerBound + interval.upperBound - 10) < 1e-12)
  }

  @Test("the deviation's interval is that of chi-squared")
  func deviation() throws {
    let interval = try #require(Sample([2, 4, 4, 5, 10]).deviationInterval)
    // χ²_{4} has the quantiles 0.4844186 and 11.14329.
    #expect(abs(interval.lowerBound - 3 * (4 / 11.14329).squareRoot()) < 1e-5)
    #expect(abs(interval.upperBound - 3 * (4 / 0.4844186).squareRoot()) < 1e-5)
  }

  @Test("equal numbers have no spread at all, and one number has none that is known")
  func degenerate() {
    let equal = Sample([0.1, 0.1, 0.1])
    #expect(equal.mean == 0.1 && equal.deviation == 0 && equal.meanInterval == 0.1...0.1)
    #expect(Sample([7]).deviation == nil && Sample([7]).meanInterval == nil && Sample([7]).deviationInterval == nil)
  }
}

@Suite("Repeats of seeds")
struct RepeatedSampleTests {
  @Test("split the variance as an analysis of variance does")
  func analysis() throws {
    // Means 2, 5, 8; MSB = 2 · 9 = 18, MSW = 2, so σ_e² = 2 and σ_a² = 8.
    let sample = try #require(RepeatedSample([[1, 3], [4, 6], [7, 9]]))
    #expect(abs(sample.withinSeed - 2.0.squareRoot()) < 1e-12 && abs(sample.overSeeds - 10.0.squareRoot()) < 1e-12)
    #expect(abs((sample.ratio ?? 0) - 0.2.squareRoot()) < 1e-12)
    // F = 9 over R's qf(c(0.025, 0.975), 2, 3) = 0.02552735, 16.04411.
    let interval = try #require(sample.ratioInterval)
    #expect(abs(interval.lowerBound - (2 / (9 / 0.02552735 + 1)).squareRoot()) < 1e-5)
    #expect(interval.upperBound == 1)
  }

  @Test("that are equal leave nothing of the spread, of which the ratio is 0, and where nothing differs there is no ratio")
  func deterministic() throws {
    let sample = try #require(RepeatedSample([[0.1, 0.1], [0.3, 0.3]]))
    #expect(sample.withinSeed == 0 && sample.ratio == 0 && sample.ratioInterval == nil)
    #expect(abs(sample.overSeeds - 0.02.squareRoot()) < 1e-12)
    #expect(try #require(RepeatedSample([[1, 1], [1, 1]])).ratio == nil)
  }

  @Test("of one seed, of one repeat or of different numbers of repeats say nothing")
  func impossible() {
    #expect(
      RepeatedSample([[1, 2]]) == nil && RepeatedSample([[1], [2]]) == nil && RepeatedSample([[1, 2], [3]]) == nil && RepeatedSample([]) == nil)
  }

  @Test("have intervals that hold the true ratio as often as they say")
  func coverage() throws {
    // σ_a = 1, σ_e = 1: the ratio is √½. Of 2000 studies of 5 seeds and 3 repeats 95 % hold it; the binomial deviation is 0.5 %.
    var generator = Uniform(state: 20260)
    let held = (0..<2000).count { _ in
      let groups = (0..<5).map { _ in
        let seed = generator.normal()
        return (0..<3).map { _ in seed + generator.normal() }
      }
      return RepeatedSample(groups)?.ratioInterval?.contains(0.5.squareRoot()) ?? false
    }
    #expect((0.93...0.97).contains(Double(held) / 2000), "\(held)")
  }
}

/// Sums of twelve uniform numbers are normal enough here; the numbers are those of SplitMix64.
private struct Uniform {
  var state: UInt64

  mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + next() } }

  private mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
  }
}
