import Distributions
import Tensors
import Testing

@Suite("Normal")
struct NormalTests {
  private func one(_ mean: Float, _ deviation: Float) -> Normal { Normal(mean: column([mean]), deviation: column([deviation])) }

  @Test("log-densities are the committed values to 1e-6")
  func density() {
    #expect(abs(one(1, 0.5).logProbability(of: column([0.3])).scalar + 1.205_791_352_6) < 1e-6)
    // The generalised Gaussian with α = 1, ρ = 2 is the normal of deviation 1/√2.
    #expect(abs(one(0, Float(0.5).squareRoot()).logProbability(of: column([0.5])).scalar + 0.822_364_942_9) < 1e-6)
  }

  @Test("divergences are the committed values to 1e-6, and zero from oneself")
  func divergence() {
    #expect(abs(one(1, 0.5).divergence(from: one(0, 2)).scalar - 1.042_544_361_1) < 1e-6)
    #expect(abs(one(1, 0.5).divergence(from: one(0, 1)).scalar - 0.818_147_180_6) < 1e-6)
    #expect(abs(one(1, 0.5).standardKL.scalar - 0.818_147_180_6) < 1e-6)
    #expect(one(3, 0.1).divergence(from: one(3, 0.1)).scalar == 0)
    #expect(Normal.standard(rows: 2, dimensions: 3).standardKL.scalars == [Float](repeating: 0, count: 6))
  }

  @Test("the divergence per dimension sums to the divergence, and against N(0, 1) is standardKL")
  func perDimension() {
    let q = Normal(mean: RandomKey(seed: 2).normal([4, 3]), logDeviation: RandomKey(seed: 3).normal([4, 3]))
    let standard = Normal.standard(rows: 4, dimensions: 3)
    #expect(q.divergencePerDimension(from: standard).shape == [4, 3])
    for (a, b) in zip(q.divergencePerDimension(from: standard).scalars, q.standardKL.scalars) { #expect(abs(a - b) < 1e-5) }
    #expect(q.divergence(from: standard).scalars == q.divergencePerDimension(from: standard).rowSums().scalars)
  }

  @Test("the squared Wasserstein distance of N(1, .5) and N(0, 2) is 3.25")
  func wasserstein() { #expect(abs(one(1, 0.5).squaredWasserstein(to: one(0, 2)).scalar - 3.25) < 1e-6) }

  @Test("merging variances .5 and 2 at 1 and -1 gives mean .6 and variance .4, in either order")
  func merge() {
    let (a, b) = (one(1, Float(0.5).squareRoot()), one(-1, Float(2).squareRoot()))
    for merged in [a.merged(with: b), b.merged(with: a)] {
      #expect(abs(merged.mean.scalar - 0.6) < 1e-6)
      #expect(abs(merged.deviation.squared().scalar - 0.4) < 1e-6)
    }
    // A precision that outweighs float32 does not overflow: the sharper one wins.
    let sharp = Normal(mean: column([2]), logDeviation: column([-70])).merged(with: Normal(mean: column([-5]), logDeviation: column([70])))
    #expect(sharp.mean.scalar == 2 && sharp.logDeviation.scalar == -70)
  }

  @Test("merging is the normalised product of the densities")
  func mergeIsProduct() {
    let (a, b) = (one(0.3, 0.7), one(-1.1, 1.9))
    let merged = a.merged(with: b)
    let ratios = [-2, -0.5, 0, 0.4, 1.7].map { (x: Float) in
      let x = column([x])
      return (a.logProbability(of: x) + b.logProbability(of: x) - merged.logProbability(of: x)).scalar
    }
    for ratio in ratios { #expect(abs(ratio - ratios[0]) < 1e-5) }
  }

  @Test("the density integrates to 1 to 1e-5")
  func integrates() {
    let total = integral(from: -9, to: 11, points: 20_000) { x in
      Normal(mean: .full([x.count, 1], 1), deviation: Tensor(1.3)).logProbability(of: column(x)).exp().scalars
    }
    #expect(abs(total - 1) < 1e-5)
  }

  @Test("samples follow the distribution function (Kolmogorov-Smirnov at 0.001)")
  func samples() {
    let x = Normal(mean: .full([20_000, 1], -2), deviation: Tensor(0.3)).sample(keys(20_000)).scalars
    #expect(kolmogorovStatistic(x) { normalCumulative(($0 + 2) / 0.3) } < 1.95)
  }

  @Test("gradients of density, samples, divergences, distance and merging match differences")
  func gradients() {
    let parameters = [1, 2, 3, 4].map { RandomKey(seed: $0).normal([3, 2]) * 0.5 }
    let x = RandomKey(seed: 9).normal([3, 2])
    expectGradients(of: { Normal(mean: $0[0], logDeviation: $0[1]).logProbability(of: $0[2]) }, at: [parameters[0], parameters[1], x])
    expectGradients(of: { Normal(mean: $0[0], deviation: $0[1]).logProbability(of: x) }, at: [parameters[0], parameters[1].exp() + 0.5])
    expectGradients(of: { Normal(mean: $0[0], logDeviation: $0[1]).sample(keys(3)) }, at: [parameters[0], parameters[1]])
    expectGradients(of: { Normal(mean: $0[0], logDeviation: $0[1]).standardKL }, at: [parameters[0], parameters[1]])
    func pair(_ p: [Tensor]) -> (Normal, Normal) { (Normal(mean: p[0], logDeviation: p[1]), Normal(mean: p[2], logDeviation: p[3])) }
    expectGradients(of: { pair($0).0.divergence(from: pair($0).1) }, at: parameters)
    expectGradients(of: { pair($0).0.squaredWasserstein(to: pair($0).1) }, at: parameters)
    expectGradients(of: { pair($0).0.merged(with: pair($0).1).logProbability(of: x) }, at: parameters)
  }

  @Test("a deviation shared by all dimensions gathers the gradient of all of them")
  func sharedDeviation() {
    let x = RandomKey(seed: 4).normal([3, 4])
    expectGradients(of: { Normal(mean: $0[0], deviation: $0[1]).logProbability(of: x) }, at: [RandomKey(seed: 5).normal([3, 4]), Tensor(1.5)])
  }

  @Test("a deviation given once is the same as one repeated for every scalar")
  func stretched() {
    let (mean, x) = (RandomKey(seed: 5).normal([3, 4]), RandomKey(seed: 6).normal([3, 4]))
    let (once, repeated) = (Normal(mean: mean, deviation: Tensor(0.3)), Normal(mean: mean, deviation: .full([3, 4], 0.3)))
    #expect(once.deviation.shape == [3, 4] && once.logDeviation.shape == [3, 4])
    #expect(once.logProbability(of: x).scalars == repeated.logProbability(of: x).scalars)
    #expect(once.sample(keys(3)).scalars == repeated.sample(keys(3)).scalars)
    #expect(once.standardKL.scalars == repeated.standardKL.scalars)
  }

  @Test("the closed divergence is the mean log-ratio of samples, up to five standard errors")
  func monteCarlo() {
    let n = 20_000
    let p = Normal(mean: .full([n, 1], 0.4), deviation: Tensor(0.8))
    expectMonteCarlo(p, Normal(mean: .full([n, 1], -0.3), deviation: Tensor(1.4)))
  }

  @Test("extreme parameters give finite numbers or minus infinity, never NaN")
  func extremes() {
    for logDeviation in [-200, -80, 0, 80, 200] as [Float] {
      let normal = Normal(mean: column([0.5]), logDeviation: column([logDeviation]))
      let atMean = normal.logProbability(of: column([0.5])).scalar
      #expect(atMean.isFinite)
      let far = normal.logProbability(of: column([1e4])).scalar
      #expect(!far.isNaN && far < .infinity)
      #expect(!normal.standardKL.scalar.isNaN && !normal.divergence(from: one(0, 1)).scalar.isNaN)
      #expect(normal.sample(keys(1)).isFinite)
    }
  }
}

/// KL(p ‖ q), the same in every row, against the mean of ln p(x) - ln q(x) over samples of p.
func expectMonteCarlo<D: Divergent>(_ p: D, _ q: D, sourceLocation: SourceLocation = #_sourceLocation) {
  let closed = p.divergence(from: q).scalars
  let x = p.sample(keys(closed.count, seed: 21))
  let estimate = moments((p.logProbability(of: x) - q.logProbability(of: x)).scalars)
  #expect(estimate.error > 0, sourceLocation: sourceLocation)
  #expect(abs(estimate.mean - Double(closed[0])) < 5 * estimate.error, sourceLocation: sourceLocation)
}
