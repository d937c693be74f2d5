import Distributions
import Foundation
import Tensors
import Testing

@Suite("Laplace")
struct LaplaceTests {
  private func one(_ mean: Float, _ scale: Float) -> Laplace { Laplace(mean: column([mean]), scale: column([scale])) }

  @Test("the log-density of the generalised Gaussian with α = ρ = 1 at .5 is the committed value to 1e-6")
  func density() { #expect(abs(one(0, 1).logProbability(of: column([0.5])).scalar + 1.193_147_180_6) < 1e-6) }

  @Test("divergences from Laplace(0, 1) are the committed values to 1e-6")
  func divergence() {
    #expect(abs(one(0.7, 0.3).divergence(from: one(0, 1)).scalar - 0.933_064_394_7) < 1e-6)
    #expect(one(0, 1).divergence(from: one(0, 1)).scalar == 0)
  }

  @Test("the density integrates to 1 to 1e-5")
  func integrates() {
    // The cusp at -.3 falls between two points.
    let total = integral(from: -20.3, to: 19.7, points: 40_000) { x in
      Laplace(mean: .full([x.count, 1], -0.3), scale: Tensor(1.1)).logProbability(of: column(x)).exp().scalars
    }
    #expect(abs(total - 1) < 1e-5)
  }

  @Test("samples follow the distribution function (Kolmogorov-Smirnov at 0.001)")
  func samples() {
    let x = Laplace(mean: .full([20_000, 1], 1), scale: Tensor(0.4)).sample(keys(20_000)).scalars
    #expect(
      kolmogorovStatistic(x) { x in
        let z = (x - 1) / 0.4
        return z < 0 ? 0.5 * exp(z) : 1 - 0.5 * exp(-z)
      } < 1.95)
    #expect(abs(moments(x).deviation - 0.4 * 2.0.squareRoot()) < 0.02)
  }

  @Test("the closed divergence is the mean log-ratio of samples, up to five standard errors")
  func monteCarlo() {
    let n = 20_000
    expectMonteCarlo(Laplace(mean: .full([n, 1], 0.4), scale: Tensor(0.8)), Laplace(mean: .full([n, 1], -0.3), scale: Tensor(1.4)))
  }

  @Test("gradients of density, samples and divergence match differences")
  func gradients() {
    // Means and observations are far enough apart that no difference straddles a cusp.
    let mean = Tensor(rows: [[0.1, -0.4], [0.6, 1.2]])
    let otherMean = Tensor(rows: [[-0.5, 0.3], [1.5, 0.2]])
    let (logScale, otherLogScale) = (RandomKey(seed: 1).normal([2, 2]) * 0.5, RandomKey(seed: 2).normal([2, 2]) * 0.5)
    expectGradients(of: { Laplace(mean: $0[0], logScale: $0[1]).logProbability(of: $0[2]) }, at: [mean, logScale, otherMean])
    expectGradients(of: { Laplace(mean: $0[0], scale: $0[1]).logProbability(of: otherMean) }, at: [mean, logScale.exp() + 0.5])
    expectGradients(of: { Laplace(mean: $0[0], logScale: $0[1]).sample(keys(2)) }, at: [mean, logScale])
    expectGradients(
      of: { Laplace(mean: $0[0], logScale: $0[1]).divergence(from: Laplace(mean: $0[2], logScale: $0[3])) },
      at: [mean, logScale, otherMean, otherLogScale])
  }

  @Test("extreme parameters give finite numbers or minus infinity, never NaN")
  func extremes() {
    for logScale in [-200, -80, 0, 80, 200] as [Float] {
      let laplace = Laplace(mean: column([0.5]), logScale: column([logScale]))
      #expect(laplace.logProbability(of: column([0.5])).isFinite)
      let far = laplace.logProbability(of: column([1e4])).scalar
      #expect(!far.isNaN && far < .infinity)
      #expect(!laplace.divergence(from: one(0, 1)).scalar.isNaN)
      #expect(laplace.sample(keys(1)).isFinite)
    }
  }
}
