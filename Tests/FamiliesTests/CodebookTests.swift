import Distributions
import Families
import Foundation
import Tensors
import Testing

@Suite("Codebooks")
struct CodebookTests {
  private static let h = Tensor(rows: [[0.2, 0]])
  private static let codes = Tensor(rows: [[0, 0], [1, 0], [0, 2]])
  private static let plain = Codebook(codes: codes)
  /// π = (.5, .3, .2), s² = (1, .25, 4).
  private static let mixture = Codebook(
    codes: codes, logScales: Tensor(rows: [[0, 0], [Float(log(0.5)), Float(log(0.5))], [Float(log(2.0)), Float(log(2.0))]]),
    logWeights: Tensor([0.5, 0.3, 0.2]).log())

  private func expect(_ values: [Float], near expected: [Double], _ tolerance: Double = 2e-6) {
    #expect(values.count == expected.count && zip(values, expected).allSatisfy { abs(Double($0) - $1) < tolerance }, "\(values), not \(expected)")
  }

  @Test("unit variances and even weights give softmax(-d² / 2)")
  func relaxed() {
    let r = [0.533005427, 0.394860132, 0.072134441]
    expect(Self.plain.logResponsibilities(of: Self.h).exp().scalars, near: r)
    // A mixture that begins is the same.
    let start = Codebook(codes: Self.codes, logScales: .zeros([3, 2]), logWeights: .zeros([3]))
    expect(start.logResponsibilities(of: Self.h).exp().scalars, near: r)
  }

  @Test("responsibilities are those of the mixture, and so are their KL and a relaxed choice of known noise")
  func responsibilities() {
    let logR = Self.mixture.logResponsibilities(of: Self.h)
    expect(logR.exp().scalars, near: [0.573940995, 0.390721618, 0.035337386])
    let uniform = Tensor.zeros([1, 3]).logSoftmax()
    expect(Codebook.divergence(logR, from: uniform).scalars, near: [0.2946329570])
    let relaxed = GumbelSoftmax(logits: logR, temperature: 0.5).sample(noise: Tensor(rows: [[0.1, -0.2, 0.3]]))
    expect(relaxed.scalars, near: [0.793650451, 0.201861254, 0.004488295])
    // Σ z_k c_k
    expect(Self.mixture.embedding(of: relaxed).scalars, near: [0.201861254, 2 * 0.004488295])
  }

  @Test("as a shared deviation goes to 0 the nearest code has it all, down to where deviations are held")
  func narrow() {
    let h = RandomKey(seed: 1).normal([50, 2])
    let nearest = Self.plain.logResponsibilities(of: h).argmaxRows()
    func r(_ logScale: Float) -> Tensor {
      Codebook(codes: Self.codes, logScales: .full([3, 2], logScale), logWeights: .zeros([3])).logResponsibilities(of: h).exp()
    }
    #expect(r(-3).argmaxRows() == nearest)
    #expect(zip(nearest.indices, nearest).filter { r(-4).scalars[3 * $0 + $1] > 0.999 }.count > 45)
    #expect(r(-40).scalars == r(-4).scalars && r(9).scalars == r(4).scalars)
  }

  @Test("the KL of a query from itself is 0 to the last bit")
  func itself() {
    let h = RandomKey(seed: 2).normal([200, 2]) * 3
    for book in [Self.plain, Self.mixture] {
      let logR = book.logResponsibilities(of: h)
      #expect(Codebook.divergence(logR, from: book.logResponsibilities(of: h)).scalars.allSatisfy { $0 == 0 })
    }
  }

  @Test("∂ ln r_k / ∂h is -(h - c_k) / s_k² + Σ r_j (h - c_j) / s_j², by the gradient and by differences")
  func gradient() {
    let variance: [Double] = [1, 0.25, 4]
    let (h, c) = ([0.2, 0.0], [[0.0, 0], [1, 0], [0, 2]])
    let r = Self.mixture.logResponsibilities(of: Self.h).exp().scalars.map(Double.init)
    for k in 0..<3 {
      let mask = Categorical.oneHot([k], shape: [1, 3])
      let watched = Self.h.watched()
      let slope = (Self.mixture.logResponsibilities(of: watched) * mask).sum().backward()[watched]
      let expected = (0..<2).map { i in
        -(h[i] - c[k][i]) / variance[k] + (0..<3).reduce(0.0) { $0 + r[$1] * (h[i] - c[$1][i]) / variance[$1] }
      }
      expect(slope?.scalars ?? [], near: expected, 1e-5)
      for i in 0..<2 {
        func value(_ step: Float) -> Double {
          var moved = Self.h.scalars
          moved[i] += step
          return Double(Self.mixture.logResponsibilities(of: Tensor(shape: [1, 2], scalars: moved)).scalars[k])
        }
        #expect(abs((value(0.01) - value(-0.01)) / 0.02 - expected[i]) < 1e-3)
      }
    }
  }

  @Test("a deviation beyond its bounds has no gradient, one within them has that of the mixture")
  func clamped() {
    let scales = Tensor(rows: [[0.3, -5], [0.1, 0.2], [6, -0.4]]).watched()
    let book = Codebook(codes: Self.codes, logScales: scales, logWeights: .zeros([3]))
    let loss = (book.logResponsibilities(of: Tensor(rows: [[0.4, 0.1], [0.9, 1.5]])) * Tensor(rows: [[1, 2, -1], [0.5, 1, 2]])).sum()
    let slope = loss.backward()[scales]?.scalars ?? []
    #expect(slope.count == 6 && slope[1] == 0 && slope[4] == 0 && [0, 2, 3, 5].allSatisfy { abs(slope[$0]) > 1e-4 })
  }

  @Test("perplexity is the number of codes where all are chosen alike, and 1 where one is chosen alone")
  func perplexity() {
    #expect(abs(Codebook.perplexity(.full([10, 8], 0.125)) - 8) < 1e-5)
    #expect(Codebook.perplexity(Categorical.oneHot([3, 3, 3], shape: [3, 5])) == 1)
    #expect(abs(Codebook.perplexity(Categorical.oneHot([0, 1, 0, 1], shape: [4, 5])) - 2) < 1e-6)
    #expect(Perplexity.of([]) == 1 && Perplexity.of([0, 0]) == 1)
  }
}
