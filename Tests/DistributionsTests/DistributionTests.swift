import Distributions
import Tensors
import Testing

/// A kind of distribution, built for any number of rows: the first rows' parameters do not depend on how many follow.
struct DistributionCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let make: @Sendable (_ rows: Int) -> any Distribution

  static func parameter(_ purpose: StaticString, _ rows: Int, _ rest: [Int] = [5]) -> Tensor {
    RandomKey(seed: 3).split(purpose).normal(Shape([rows] + rest))
  }

  static let all = [
    DistributionCase(testDescription: "Bernoulli") { Bernoulli(logits: parameter("l", $0)) },
    DistributionCase(testDescription: "BetaBinomial") { BetaBinomial(a: parameter("a", $0).exp(), b: parameter("b", $0).exp()) },
    DistributionCase(testDescription: "Categorical") { Categorical(logits: parameter("l", $0)) },
    DistributionCase(testDescription: "Categorical, several a row") { Categorical(logits: parameter("l", $0, [4, 3])) },
    DistributionCase(testDescription: "DiscretisedLogistic") {
      DiscretisedLogistic(mean: parameter("m", $0), logScale: parameter("s", $0) - 2, range: -1...1)
    },
    DistributionCase(testDescription: "GaussianMixture") {
      GaussianMixture(logits: parameter("l", $0, [3]), means: parameter("m", $0, [3, 5]), deviations: parameter("s", $0, [3, 5]).exp())
    },
    DistributionCase(testDescription: "GaussianMixture, shared") {
      _ = $0
      return GaussianMixture(logits: parameter("l", 1, [3]), means: parameter("m", 1, [3, 5]), deviations: parameter("s", 1, [3, 5]).exp())
    },
    DistributionCase(testDescription: "Laplace") { Laplace(mean: parameter("m", $0), logScale: parameter("s", $0)) },
    DistributionCase(testDescription: "Normal") { Normal(mean: parameter("m", $0), logDeviation: parameter("s", $0)) },
  ]
}

@Suite("Laws of every distribution")
struct DistributionTests {
  @Test("sampling three rows is a prefix of sampling sixty-four, bit for bit", arguments: DistributionCase.all)
  func prefix(_ kind: DistributionCase) {
    let (few, many) = (kind.make(3).sample(keys(3)), kind.make(64).sample(keys(64)))
    #expect(few.scalars == Array(many.scalars.prefix(few.count)))
    #expect(few.shape == many.shape.replacing(0, with: 3))
  }

  @Test("a row's sample does not depend on whose rows stand before it", arguments: DistributionCase.all)
  func strangers(_ kind: DistributionCase) {
    // Eight strangers, so that not all of them draw the same category by chance.
    let (rows, strangers) = (12, 8)
    let alone = kind.make(rows).sample(keys(rows).slice(strangers..<rows).prefixed(by: strangers))
    let beside = kind.make(rows).sample(.joined([RowKeys(RandomKey(seed: 77), rows: 9..<9 + strangers), keys(rows).slice(strangers..<rows)]))
    let width = alone.count / rows * strangers
    #expect(alone.scalars.dropFirst(width) == beside.scalars.dropFirst(width))
    #expect(alone.scalars.prefix(width) != beside.scalars.prefix(width))
  }

  @Test("a row's log-probability has the same bits in any batch", arguments: DistributionCase.all)
  func rowWise(_ kind: DistributionCase) {
    let x = kind.make(64).sample(keys(64))
    let all = kind.make(64).logProbability(of: x)
    #expect(all.shape == [64])
    #expect(all.isFinite)
    #expect(kind.make(3).logProbability(of: x.slice(0, 0..<3)).scalars == Array(all.scalars.prefix(3)))
  }

  @Test("other keys give other samples, the same keys the same", arguments: DistributionCase.all)
  func seeds(_ kind: DistributionCase) {
    let distribution = kind.make(32)
    #expect(distribution.sample(keys(32, seed: 5)).scalars == distribution.sample(keys(32, seed: 5)).scalars)
    #expect(distribution.sample(keys(32, seed: 5)).scalars != distribution.sample(keys(32, seed: 6)).scalars)
  }

  @Test("the samples' average is the mean, up to five standard errors", arguments: DistributionCase.all)
  func mean(_ kind: DistributionCase) {
    // One event, drawn by many keys: every row repeats the first.
    let draws = 4000
    let distribution = kind.make(1)
    let expected = distribution.mean
    let samples = (0..<draws).map { distribution.sample(RowKeys(RandomKey(seed: 8), rows: $0..<$0 + 1)).scalars }
    // The discretised logistic documents its mean up to half a bin of 2/255.
    let allowance = distribution is DiscretisedLogistic ? 1.0 / 255 : 0
    for i in 0..<expected.count {
      let observed = moments(samples.map { $0[i] })
      #expect(abs(observed.mean - Double(expected.scalars[i])) < 5 * observed.error + allowance + 1e-6)
    }
  }
}

extension RowKeys {
  /// These keys after `rows` others.
  fileprivate func prefixed(by rows: Int) -> RowKeys { .joined([RowKeys(RandomKey(seed: 1234), rows: 0..<rows), self]) }
}
