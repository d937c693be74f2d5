import Distributions
import Foundation
import Tensors
import Testing

@Suite("Categorical")
struct CategoricalTests {
  private let logits = Tensor(rows: [[0.5, -1, 2, 0]])
  private var probabilities: [Double] {
    let weights = logits.scalars.map { exp(Double($0)) }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  @Test("every category has its softmax probability to 1e-6, as a one-hot event and by index, and they sum to 1")
  func logProbability() {
    let choice = Categorical(logits: logits)
    var total = 0.0
    for (i, p) in probabilities.enumerated() {
      let byIndex = choice.logProbability(ofIndices: [i]).scalar
      #expect(abs(Double(byIndex) - log(p)) < 1e-6)
      #expect(choice.logProbability(of: Categorical.oneHot([i], shape: [1, 4])).scalar == byIndex)
      total += exp(Double(byIndex))
    }
    #expect(abs(total - 1) < 1e-6)
  }

  @Test("Gumbel-max draws categories with their probabilities (chi-square at 0.0005)")
  func samples() {
    let n = 20_000
    let drawn = Categorical(logits: logits.expanded(to: [n, 4])).sampleIndices(keys(n))
    let counts = (0..<4).map { category in drawn.count { $0 == category } }
    #expect(chiSquareQuantile(counts: counts, probabilities: probabilities) < 3.3)
    #expect(chiSquareQuantile(counts: counts, probabilities: [0.25, 0.25, 0.25, 0.25]) > 3.3)
  }

  @Test("several variables a row are chosen apart and their log-probabilities add")
  func variables() {
    let choice = Categorical(logits: RandomKey(seed: 6).normal([5, 3, 4]))
    let indices = choice.sampleIndices(keys(5))
    #expect(indices.count == 15 && Set(indices).count > 1)
    let x = choice.sample(keys(5))
    #expect(x.scalars == Categorical.oneHot(indices, shape: [5, 3, 4]).scalars)
    let single = Categorical(logits: choice.logits.reshaped([15, 4])).logProbability(ofIndices: indices).reshaped([5, 3]).rowSums()
    for (a, b) in zip(choice.logProbability(of: x).scalars, single.scalars) { #expect(abs(a - b) < 1e-5) }
    for (a, b) in zip(choice.logProbability(ofIndices: indices).scalars, single.scalars) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("the divergence from uniform is 0 for uniform and ln 10 for a certain choice of ten")
  func divergence() {
    let uniform = Categorical(logits: .zeros([1, 10]))
    #expect(abs(uniform.divergence(from: uniform).scalar) < 1e-6)
    let certain = Categorical(logits: Tensor(rows: [[200] + [Float](repeating: -200, count: 9)]))
    #expect(abs(certain.divergence(from: uniform).scalar - 2.302_585_1) < 1e-6)
    #expect(abs(uniform.entropy.scalar - 2.302_585_1) < 1e-6)
    let n = 20_000
    expectMonteCarlo(Categorical(logits: logits.expanded(to: [n, 4])), Categorical(logits: .zeros([n, 4])))
  }

  @Test("the bound summed over a discrete variable is greatest, and equal to logsumexp, at q = softmax(L)")
  func marginalisation() {
    // U(q) = Σ_y q_y (L_y - ln q_y) for the bounds L = (-3, -1, -2)
    let bounds = Tensor(rows: [[-3, -1, -2]])
    func u(_ q: Categorical) -> Float { ((q.probabilities * bounds).rowSums() + q.entropy).scalar }
    let best = Categorical(logits: bounds)
    for (q, expected) in zip(best.probabilities.scalars, [0.090_030_6, 0.665_241_0, 0.244_728_5] as [Float]) { #expect(abs(q - expected) < 1e-6) }
    #expect(abs(u(best) + 0.592_394_035_6) < 1e-6)
    #expect(abs(u(Categorical(logits: .zeros([1, 3]))) + 0.901_387_711_3) < 1e-6)
    for seed in 1...20 { #expect(u(Categorical(logits: RandomKey(seed: UInt64(seed)).normal([1, 3]))) < -0.592_394) }
  }

  @Test("gradients of log-probability, entropy and divergence match differences")
  func gradients() {
    let (a, b) = (RandomKey(seed: 1).normal([3, 4]), RandomKey(seed: 2).normal([3, 4]))
    let x = RandomKey(seed: 3).normal([3, 4]).softmax()
    expectGradients(of: { Categorical(logits: $0[0]).logProbability(of: $0[1]) }, at: [a, x])
    expectGradients(of: { Categorical(logits: $0[0]).logProbability(ofIndices: [3, 0, 2]) }, at: [a])
    expectGradients(of: { Categorical(logits: $0[0]).entropy }, at: [a])
    expectGradients(of: { Categorical(logits: $0[0]).divergence(from: Categorical(logits: $0[1])) }, at: [a, b])
  }

  @Test("logits of ±200 stay finite; a logit of minus infinity is an impossible category by index")
  func extremes() {
    let sharp = Categorical(logits: Tensor(rows: [[200, -200]]))
    #expect(sharp.logProbability(ofIndices: [0]).scalar == 0 && sharp.logProbability(ofIndices: [1]).scalar == -400)
    #expect(sharp.divergence(from: Categorical(logits: Tensor(rows: [[-200, 200]]))).scalar == 400)
    #expect(sharp.entropy.scalar == 0)
    let masked = Categorical(logits: Tensor(rows: [[0, -.infinity, 0]]))
    #expect(masked.logProbability(ofIndices: [1]).scalar == -.infinity)
    #expect(abs(masked.logProbability(ofIndices: [0]).scalar + 0.693_147_2) < 1e-6)
  }
}
