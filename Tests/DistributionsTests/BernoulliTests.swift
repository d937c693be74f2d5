import Distributions
import Foundation
import Tensors
import Testing

@Suite("Bernoulli")
struct BernoulliTests {
  @Test("both outcomes' probabilities are sigmoid(±logit) and sum to 1, to 1e-6")
  func probabilities() {
    for logit in [-8, -1.5, 0, 0.3, 6] as [Float] {
      let coin = Bernoulli(logits: column([logit]))
      let heads = exp(Double(coin.logProbability(of: column([1])).scalar))
      let tails = exp(Double(coin.logProbability(of: column([0])).scalar))
      #expect(abs(heads - 1 / (1 + exp(-Double(logit)))) < 1e-6)
      #expect(abs(heads + tails - 1) < 1e-6)
    }
  }

  @Test("a grey observation weighs both outcomes")
  func grey() {
    let coin = Bernoulli(logits: column([0.7]))
    let expected = 0.25 * coin.logProbability(of: column([1])).scalar + 0.75 * coin.logProbability(of: column([0])).scalar
    #expect(abs(coin.logProbability(of: column([0.25])).scalar - expected) < 1e-6)
  }

  @Test("a watched observation receives its gradient, the logits, and the value stays the same to 1e-6")
  func watchedObservation() {
    let logits = Tensor(rows: [[0.4, -2, 3]])
    let plain = Tensor(rows: [[0.2, 0.9, 0.5]])
    let x = plain.watched()
    let value = Bernoulli(logits: logits).logProbability(of: x)
    #expect(value.backward()[x]?.scalars == logits.scalars)
    #expect(abs(value.scalar - Bernoulli(logits: logits).logProbability(of: plain).scalar) < 1e-6)
    expectGradients(of: { Bernoulli(logits: $0[0]).logProbability(of: $0[1]) }, at: [logits, plain])
  }

  @Test("ones come up as often as their probability says, up to five standard errors")
  func samples() {
    let n = 20_000
    for logit in [-3, 0, 1.2] as [Float] {
      let ones = Bernoulli(logits: .full([n, 1], logit)).sample(keys(n)).scalars
      #expect(ones.allSatisfy { $0 == 0 || $0 == 1 })
      let p = 1 / (1 + exp(-Double(logit)))
      #expect(abs(moments(ones).mean - p) < 5 * (p * (1 - p) / Double(n)).squareRoot())
    }
  }

  @Test("the divergence is p ln(p/q) + (1-p) ln((1-p)/(1-q)) to 1e-6, zero from oneself, and matches samples")
  func divergence() {
    let (l1, l2) = (0.8, -1.3)
    let (p, q) = (1 / (1 + exp(-l1)), 1 / (1 + exp(-l2)))
    let closed = p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
    let coin = Bernoulli(logits: column([Float(l1)]))
    #expect(abs(Double(coin.divergence(from: Bernoulli(logits: column([Float(l2)]))).scalar) - closed) < 1e-6)
    #expect(coin.divergence(from: coin).scalar == 0)
    let n = 20_000
    expectMonteCarlo(Bernoulli(logits: .full([n, 1], 0.8)), Bernoulli(logits: .full([n, 1], -1.3)))
  }

  @Test("gradients of log-probability, mean and divergence match differences")
  func gradients() {
    let (a, b) = (RandomKey(seed: 1).normal([3, 4]), RandomKey(seed: 2).normal([3, 4]))
    let x = RandomKey(seed: 3).uniform([3, 4])
    expectGradients(of: { Bernoulli(logits: $0[0]).logProbability(of: x) }, at: [a])
    expectGradients(of: { Bernoulli(logits: $0[0]).mean }, at: [a])
    expectGradients(of: { Bernoulli(logits: $0[0]).divergence(from: Bernoulli(logits: $0[1])) }, at: [a, b])
  }

  @Test("logits of ±200 give the logit itself for the impossible outcome, and zero for the certain one")
  func extremes() {
    let coin = Bernoulli(logits: column([200, -200]))
    #expect(coin.logProbability(of: column([1, 0])).scalars == [0, 0])
    #expect(coin.logProbability(of: column([0, 1])).scalars == [-200, -200])
    #expect(coin.divergence(from: Bernoulli(logits: column([-200, 200]))).scalars == [200, 200])
    #expect(coin.sample(keys(2)).scalars == [1, 0])
  }
}
