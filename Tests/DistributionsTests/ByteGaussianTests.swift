import Distributions
import Foundation
import Tensors
import Testing

@Suite("Bytes of a Gaussian")
struct ByteGaussianTests {
  private func bytes(_ m: Float, _ w: Float) -> ByteGaussian { ByteGaussian(location: Tensor(rows: [[m]]), width: Tensor(rows: [[w]])) }
  private func logProbability(_ p: ByteGaussian, _ v: Int) -> Float { p.logProbability(of: Tensor(rows: [[Float(v) / 255]])).scalar }

  @Test("a location of 0.1 and a width of softplus(-2) give level 128 a probability of e^-4.460968")
  func oracle() {
    let width = Tensor([-2]).softplus().scalar
    #expect(abs(width - 0.126928) < 1e-6)
    #expect(abs(logProbability(bytes(0.1, width), 128) + 4.460968) < 2e-5)
  }

  @Test(
    "the levels' probabilities sum to 1, and mean and variance are theirs",
    arguments: [(0, 1), (0.9, 0.01), (-3, 0.2), (0.3, 1e-5)] as [(Float, Float)])
  func levels(_ m: Float, _ w: Float) {
    let p = bytes(m, w)
    let probabilities = (0..<256).map { exp(Double(logProbability(p, $0))) }
    let mean = zip(0..., probabilities).reduce(0.0) { $0 + Double($1.0) / 255 * $1.1 }
    let square = zip(0..., probabilities).reduce(0.0) { $0 + pow(Double($1.0) / 255, 2) * $1.1 }
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-3)
    #expect(abs(Double(p.mean.scalar) - mean) < 1e-3 && abs(Double(p.variance.scalar) - (square - mean * mean)) < 1e-3)
  }

  @Test("draws are levels with their probabilities, and hang on their row's key alone")
  func draws() {
    let n = 4000
    let p = ByteGaussian(location: .full([n, 2], 0.2), width: .full([n, 2], 0.05))
    let drawn = p.sample(RowKeys(RandomKey(seed: 1), rows: 0..<n))
    #expect(drawn.scalars.allSatisfy { ($0 * 255).rounded() == $0 * 255 || abs(($0 * 255).rounded() - $0 * 255) < 1e-4 })
    let mean = drawn.scalars.reduce(0.0) { $0 + Double($1) } / Double(2 * n)
    #expect(abs(mean - Double(p.mean.scalars[0])) < 4 * (Double(p.variance.scalars[0]) / Double(2 * n)).squareRoot())
    let own = ByteGaussian(location: .full([1, 2], 0.2), width: .full([1, 2], 0.05)).sample(RowKeys(RandomKey(seed: 1), rows: 7..<8))
    #expect(own.scalars == Array(drawn.scalars[14..<16]))
  }

  @Test("gradients are those of central differences")
  func gradients() {
    let (m, w) = (Tensor(rows: [[0.2, -0.7, 1.3]]).watched(), Tensor(rows: [[0.3, 0.02, 0.8]]).watched())
    let x = Tensor(rows: [[130, 30, 250]]) / 255
    let weights = Tensor(rows: [[1, 0.5, 2]])
    func value(_ m: Tensor, _ w: Tensor) -> Tensor { ByteGaussian(location: m, width: w).logProbability(of: x, weights: weights).sum() }
    let slopes = Tensors.gradients(of: value(m, w), at: [m, w])
    for (index, slope) in slopes.enumerated() {
      for place in 0..<3 {
        func moved(_ h: Float) -> Double {
          var parts = [m.detached.scalars, w.detached.scalars]
          parts[index][place] += h
          return Double(value(Tensor(rows: [parts[0]]), Tensor(rows: [parts[1]])).scalar)
        }
        let h: Float = index == 0 ? 2e-3 : 2e-3 * w.scalars[place]
        let difference = (moved(h) - moved(-h)) / Double(2 * h)
        #expect(abs(Double(slope.scalars[place]) - difference) < 0.01 * abs(difference) + 0.02, "\(index) \(place)")
      }
    }
  }
}
