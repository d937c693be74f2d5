import Distributions
import Foundation
import Tensors
import Testing

@Suite("Maximum mean discrepancy")
struct MaximumMeanDiscrepancyTests {
  @Test("it is the sum over pairs, 0 between a sample and itself, and the same both ways")
  func definition() {
    let (x, y) = (RandomKey(seed: 1).normal([5, 3]), RandomKey(seed: 2).normal([7, 3]) + 1)
    func rows(_ tensor: Tensor) -> [[Double]] { (0..<tensor.shape[0]).map { tensor.scalars[3 * $0..<3 * $0 + 3].map(Double.init) } }
    func similarity(_ a: [[Double]], _ b: [[Double]]) -> Double {
      var sum = 0.0
      for p in a { for q in b { sum += exp(-(0..<3).reduce(0.0) { $0 + pow(p[$1] - q[$1], 2) } / 6) } }
      return sum / Double(a.count * b.count)
    }
    let wanted = similarity(rows(x), rows(x)) + similarity(rows(y), rows(y)) - 2 * similarity(rows(x), rows(y))
    #expect(abs(Double(maximumMeanDiscrepancy(x, y).scalar) - wanted) < 1e-6)
    #expect(abs(maximumMeanDiscrepancy(x, x).scalar) < 1e-6)
    #expect(abs(maximumMeanDiscrepancy(x, y).scalar - maximumMeanDiscrepancy(y, x).scalar) < 1e-6)
  }

  @Test("between samples of N(0, I) and N(m, I) it is what the Gaussians' integral says")
  func gaussians() {
    // E k(x, y) = Π_j √(d / (d + 2)) e^(-m_j² / (2 (d + 2))) with x - y ~ N(m, 2 I)
    let (n, d) = (3000, 2)
    let (x, y) = (RandomKey(seed: 1).normal([n, d]), RandomKey(seed: 2).normal([n, d]) + 1)
    let level = Double(d) / Double(d + 2)
    let wanted = 2 * level - 2 * level * exp(-Double(d) / Double(2 * (d + 2)))
    #expect(abs(Double(maximumMeanDiscrepancy(x, y).scalar) - wanted) < 0.02)
  }

  @Test("its gradients match differences")
  func gradients() {
    let (x, y) = (RandomKey(seed: 1).normal([4, 2]), RandomKey(seed: 2).normal([3, 2]))
    expectGradients(of: { maximumMeanDiscrepancy($0[0], $0[1]).reshaped([1]) }, at: [x, y])
  }
}
