import Distributions
import Foundation
import Tensors
import Testing

@Suite("NegativeBinomial")
struct NegativeBinomialTests {
  private static let parameters: [(mean: Float, dispersion: Float)] = [(3, 2), (0.2, 0.05), (0.01, 40), (12, 1e4), (150, 0.7), (40, 400)]

  /// ln p of every count below `count`, by lgamma in double.
  private func reference(_ mean: Float, _ dispersion: Float, _ count: Int) -> [Double] {
    let (m, r) = (Double(mean), Double(dispersion))
    return (0..<count).map { k -> Double in
      let k = Double(k)
      return lgamma(k + r) - lgamma(r) - lgamma(k + 1) - r * log1p(m / r) + k * log(m / (r + m))
    }
  }

  private func logProbabilities(_ mean: Float, _ dispersion: Float, _ count: Int) -> [Float] {
    NegativeBinomial(mean: .full([count, 1], mean), dispersion: .full([count, 1], dispersion))
      .logProbability(of: column((0..<count).map(Float.init))).scalars
  }

  @Test("ln p(0; 3, 2) is 2 ln 0.4 and ln p(1) that plus ln 1.2; dispersion 1 is geometric")
  func oracle() {
    let p = logProbabilities(3, 2, 2)
    #expect(abs(Double(p[0]) - 2 * log(0.4)) < 1e-6 && abs(Double(p[1]) - 2 * log(0.4) - log(1.2)) < 1e-6)
    for (k, value) in logProbabilities(3, 1, 20).enumerated() { #expect(abs(Double(value) - log(0.25) - Double(k) * log(0.75)) < 1e-5) }
  }

  @Test("probabilities agree with lgamma in double and sum to 1 to 1e-5", arguments: parameters)
  func sums(_ mean: Float, _ dispersion: Float) {
    let own = logProbabilities(mean, dispersion, 8000)
    for (value, expected) in zip(own, reference(mean, dispersion, 8000)) { #expect(abs(Double(value) - expected) < 1e-6 * max(1, abs(expected))) }
    #expect(abs(own.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
  }

  @Test("the distribution function is the running sum of the probabilities, and quantiles invert it", arguments: parameters)
  func cumulative(_ mean: Float, _ dispersion: Float) {
    let count = NegativeBinomial.Count(mean: Double(mean), dispersion: Double(dispersion))
    var sum = 0.0
    for (k, value) in reference(mean, dispersion, 400).enumerated() {
      #expect(abs(count.cumulative(Double(k)) - sum - exp(value)) < 1e-10)
      // Well inside the step from k - 1 to k.
      if exp(value) > 1e-6 { #expect(count.quantile(sum + 0.5 * exp(value)) == Double(k)) }
      sum += exp(value)
    }
    #expect(count.cumulative(-1) == 0 && abs(count.cumulative(1e6) - 1) < 1e-12)
  }

  @Test("samples follow the probabilities (chi-square at 0.0005)", arguments: parameters)
  func samples(_ mean: Float, _ dispersion: Float) {
    let n = 20_000
    let drawn = NegativeBinomial(mean: .full([n, 1], mean), dispersion: .full([n, 1], dispersion)).sample(keys(n)).scalars
    var counts = [Int](repeating: 0, count: 8000)
    for count in drawn { counts[Int(count)] += 1 }
    #expect(chiSquareQuantile(counts: counts, probabilities: reference(mean, dispersion, 8000).map { exp($0) }) < 3.3)
  }

  @Test("gradients of the log-probability match differences")
  func gradients() {
    let (m, r) = (RandomKey(seed: 1).normal([3, 2]), RandomKey(seed: 2).normal([3, 2]))
    let x = Tensor(rows: [[0, 3], [1, 7], [2, 0]])
    expectGradients(of: { NegativeBinomial(mean: $0[0].exp(), dispersion: $0[1].exp()).logProbability(of: x) }, at: [m, r])
  }

  @Test("large counts and parameters that are no positive numbers do not trap")
  func extremes() {
    let far = NegativeBinomial(mean: column([1e6]), dispersion: column([1e5])).sample(keys(1)).scalars[0]
    #expect(abs(far - 1e6) < 2e4)
    for x in NegativeBinomial(mean: column([.nan, -1, 0, .infinity]), dispersion: column([1, 1, 1, 1])).sample(keys(4)).scalars { #expect(x.isNaN) }
  }
}
