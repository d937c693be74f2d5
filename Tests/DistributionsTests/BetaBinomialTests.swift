import Distributions
import Foundation
import Tensors
import Testing

@Suite("BetaBinomial")
struct BetaBinomialTests {
  private static let parameters: [(a: Float, b: Float)] = [(1, 1), (2, 3), (0.3, 7.2), (0.05, 0.02), (400, 90), (3e4, 5e4), (1e-6, 1e6)]

  /// ln p of every count 0...trials, by lgamma in double.
  private func reference(_ a: Float, _ b: Float, trials: Int = 255) -> [Double] {
    let (a, b, n) = (Double(a), Double(b), Double(trials))
    func logBeta(_ a: Double, _ b: Double) -> Double { lgamma(a) + lgamma(b) - lgamma(a + b) }
    return (0...trials).map { count -> Double in
      let k = Double(count)
      let logChoose = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
      return logChoose + logBeta(k + a, n - k + b) - logBeta(a, b)
    }
  }

  private func logProbabilities(_ a: Float, _ b: Float) -> [Float] {
    let counts = column((0...255).map(Float.init))
    return BetaBinomial(a: .full([256, 1], a), b: .full([256, 1], b)).logProbability(of: counts).scalars
  }

  @Test("ln p(100; 255, 2, 3) is -4.9979121968 to 1e-6, and its mean 102")
  func oracle() {
    let distribution = BetaBinomial(a: column([2]), b: column([3]))
    #expect(abs(distribution.logProbability(of: column([100])).scalar + 4.997_912_196_8) < 1e-6)
    #expect(abs(distribution.mean.scalar - 102) < 1e-4)
  }

  @Test("a = b = 1 is uniform over 256 levels: exactly 8 bits a dimension")
  func uniform() {
    for logProbability in logProbabilities(1, 1) { #expect(abs(bitsPerDimension(nats: Double(logProbability), dimensions: 1) - 8) < 1e-6) }
  }

  @Test("probabilities agree with lgamma in double and sum to 1 to 1e-5", arguments: parameters)
  func sums(_ a: Float, _ b: Float) {
    let own = logProbabilities(a, b)
    for (value, expected) in zip(own, reference(a, b)) { #expect(abs(Double(value) - expected) < 1e-5 * max(1, abs(expected))) }
    #expect(abs(own.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
  }

  @Test("samples follow the probabilities (chi-square at 0.0005)", arguments: parameters.dropLast())
  func samples(_ a: Float, _ b: Float) {
    let n = 20_000
    let drawn = BetaBinomial(a: .full([n, 1], a), b: .full([n, 1], b)).sample(keys(n)).scalars
    var counts = [Int](repeating: 0, count: 256)
    for count in drawn { counts[Int(count)] += 1 }
    #expect(chiSquareQuantile(counts: counts, probabilities: reference(a, b).map { exp($0) }) < 3.3)
    #expect(chiSquareQuantile(counts: counts, probabilities: reference(a * 1.3, b).map { exp($0) }) > 3.3)
  }

  @Test("other numbers of trials keep to their range, and none always gives zero")
  func trials() {
    let few = BetaBinomial(a: .full([2000, 1], 2), b: .full([2000, 1], 3), trials: 7)
    let counts = few.sample(keys(2000)).scalars
    #expect(Set(counts) == Set((0...7).map(Float.init)))
    #expect(BetaBinomial(a: column([2]), b: column([3]), trials: 0).sample(keys(1)).scalars == [0])
  }

  @Test("gradients of log-probability and mean match differences")
  func gradients() {
    let (a, b) = (RandomKey(seed: 1).normal([3, 2]) * 0.5, RandomKey(seed: 2).normal([3, 2]) * 0.5)
    let x = Tensor(rows: [[0, 255], [100, 17], [254, 1]])
    func distribution(_ p: [Tensor]) -> BetaBinomial { BetaBinomial(a: p[0].exp(), b: p[1].exp(), trials: 255) }
    expectGradients(of: { distribution($0).logProbability(of: x) }, at: [a, b])
    expectGradients(of: { distribution($0).mean * (1 / 255) }, at: [a, b])
  }

  @Test("parameters at the ends of float32 give the end bins, parameters that are no positive numbers give NaN and do not trap")
  func extremes() {
    let ends = BetaBinomial(a: column([1e30, 1e-30]), b: column([1e-30, 1e30]))
    #expect(ends.sample(keys(2)).scalars == [255, 0])
    #expect(ends.mean.scalars == [255, 0])
    let both = BetaBinomial(a: .full([200, 1], 1e-30), b: .full([200, 1], 1e-30)).sample(keys(200)).scalars
    #expect(Set(both) == [0, 255])
    let broken = BetaBinomial(a: column([.infinity, .nan, -1, 0]), b: column([1, 1, 1, 1]))
    for x in broken.sample(keys(4)).scalars { #expect(x.isNaN) }
  }
}
