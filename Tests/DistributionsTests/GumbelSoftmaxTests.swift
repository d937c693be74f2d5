import Distributions
import Foundation
import Tensors
import Testing

@Suite("GumbelSoftmax")
struct GumbelSoftmaxTests {
  private let logits = Tensor(rows: [[Float(log(0.3)), Float(log(0.7))]])

  /// The density at (sigmoid(t), sigmoid(-t)).
  private func densities(_ t: [Float], temperature: Float) -> [Float] {
    let y = Tensor(rows: t.map { [1 / (1 + exp(-$0)), 1 / (1 + exp($0))] })
    return GumbelSoftmax(logits: logits.expanded(to: y.shape), temperature: temperature).logProbability(of: y).exp().scalars
  }

  @Test("the density at (.5, .5) for π = (.3, .7), τ = .7 is .588 to 1e-6")
  func density() { #expect(abs(densities([0], temperature: 0.7)[0] - 0.588) < 1e-6) }

  @Test("the density integrates to 1 over the simplex to 1e-4", arguments: [0.7, 1.5] as [Float])
  func integrates(_ temperature: Float) {
    // With y = sigmoid(t), dy = sigmoid(t) sigmoid(-t) dt, the ends of (0, 1) are reached smoothly.
    let total = integral(from: -30, to: 30, points: 20_000) { t in
      zip(densities(t, temperature: temperature), t).map { density, t in density / ((1 + exp(-t)) * (1 + exp(t))) }
    }
    #expect(abs(total - 1) < 1e-4)
  }

  @Test("the larger coordinate is the first with probability .3 at any temperature, up to five standard errors", arguments: [0.1, 0.7, 3] as [Float])
  func order(_ temperature: Float) {
    let n = 20_000
    let y = GumbelSoftmax(logits: logits.expanded(to: [n, 2]), temperature: temperature).sample(keys(n))
    let share = Double(y.argmaxRows().count { $0 == 0 }) / Double(n)
    #expect(abs(share - 0.3) < 5 * (0.21 / Double(n)).squareRoot())
  }

  @Test("towards temperature 0 samples become the one-hot choice that Categorical makes with the same keys")
  func cold() {
    let logits = RandomKey(seed: 4).normal([50, 3, 6])
    let cold = GumbelSoftmax(logits: logits, temperature: 1e-5).sample(keys(50))
    let choice = Categorical(logits: logits).sample(keys(50))
    for (a, b) in zip(cold.scalars, choice.scalars) { #expect(abs(a - b) < 1e-6) }
  }

  @Test("samples lie on the simplex and the first rows do not depend on how many follow")
  func simplex() {
    let relaxed = GumbelSoftmax(logits: RandomKey(seed: 4).normal([64, 5]), temperature: 0.5)
    let y = relaxed.sample(keys(64))
    for total in y.rowSums().scalars { #expect(abs(total - 1) < 1e-6) }
    let few = GumbelSoftmax(logits: relaxed.logits.slice(0, 0..<3), temperature: 0.5).sample(keys(3))
    #expect(few.scalars == Array(y.scalars.prefix(15)))
  }

  @Test("gradients of samples and density match differences")
  func gradients() {
    let logits = RandomKey(seed: 4).normal([2, 3, 4])
    expectGradients(of: { GumbelSoftmax(logits: $0[0], temperature: 0.8).sample(keys(2)) }, at: [logits])
    let y = RandomKey(seed: 5).normal([2, 3, 4]).softmax()
    expectGradients(of: { GumbelSoftmax(logits: $0[0], temperature: 0.8).logProbability(of: y) }, at: [logits])
  }

  @Test("logits of ±200 and coordinates of zero stay finite")
  func extremes() {
    let sharp = GumbelSoftmax(logits: Tensor(rows: [[200, -200, 0]]), temperature: 0.01)
    let y = sharp.sample(keys(1))
    #expect(y.scalars == [1, 0, 0])
    #expect(sharp.logProbability(of: y).isFinite)
  }
}
