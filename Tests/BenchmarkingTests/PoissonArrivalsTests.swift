import Benchmarking
import Foundation
import Testing

@Suite struct PoissonArrivalsTests {
  @Test("The same seed gives the same times, another seed others")
  func seeds() {
    func times(_ seed: UInt64) -> [Int] { Array(PoissonArrivals(rate: 1000, seed: seed).prefix(100)) }
    #expect(times(7) == times(7))
    #expect(times(7) != times(8))
  }

  @Test("Gaps are exponential: Kolmogorov's distance to 1 - exp(-rate t) is within chance", arguments: [0.5, 1000, 2e6])
  func gaps(rate: Double) {
    let times = Array(PoissonArrivals(rate: rate, seed: 3).prefix(20_000))
    let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) }.sorted()
    let distance =
      gaps.enumerated().map { index, gap in
        let cumulative = 1 - exp(-rate * gap / 1e9)
        return max(abs(cumulative - Double(index) / Double(gaps.count)), abs(cumulative - Double(index + 1) / Double(gaps.count)))
      }.max() ?? 1
    // Times are whole nanoseconds: at the highest rate a gap of 500 of them may be off by one.
    #expect(distance < 1.95 / Double(gaps.count).squareRoot() + rate / 1e9)
  }

  @Test("Numbers of arrivals in equal stretches vary as much as their mean")
  func dispersion() {
    var counts = [Double](repeating: 0, count: 1000)
    for time in PoissonArrivals(rate: 50_000, seed: 11) {
      guard time < 1_000_000_000 else { break }
      counts[time / 1_000_000] += 1
    }
    let mean = counts.reduce(0, +) / 1000
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 999
    // Four standard errors of either.
    #expect(abs(mean - 50) < 4 * (50.0 / 1000).squareRoot())
    #expect(abs(variance / mean - 1) < 4 * (2.0 / 999).squareRoot())
  }
}
