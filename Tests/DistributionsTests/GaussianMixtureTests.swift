import Distributions
import Foundation
import Tensors
import Testing

@Suite("GaussianMixture")
struct GaussianMixtureTests {
  /// π = (.25, .75), μ = (-1, 1), s = (.5, 1), shared by all rows.
  private let mixture = GaussianMixture(
    logits: Tensor(rows: [[Float(log(0.25)), Float(log(0.75))]]),
    means: Tensor(shape: [1, 2, 1], scalars: [-1, 1]), deviations: Tensor(shape: [1, 2, 1], scalars: [0.5, 1]))

  @Test("density and responsibilities at .3 are the committed values to 1e-6")
  func oracle() {
    let x = column([0.3])
    #expect(abs(mixture.logProbability(of: x).scalar + 1.423_033_308_3) < 1e-6)
    for (own, expected) in zip(mixture.responsibilities(of: x).scalars, [0.028_182_5, 0.971_817_5] as [Float]) { #expect(abs(own - expected) < 1e-6) }
    #expect(abs(mixture.mean.scalar - 0.5) < 1e-6)
  }

  @Test("one component is a Normal")
  func single() {
    let (mean, deviation) = (RandomKey(seed: 1).normal([4, 3]), RandomKey(seed: 2).normal([4, 3]).exp())
    let one = GaussianMixture(logits: .zeros([4, 1]), means: mean.reshaped([4, 1, 3]), deviations: deviation.reshaped([4, 1, 3]))
    let x = RandomKey(seed: 3).normal([4, 3])
    for (a, b) in zip(one.logProbability(of: x).scalars, Normal(mean: mean, deviation: deviation).logProbability(of: x).scalars) {
      #expect(abs(a - b) < 1e-5 * max(1, abs(b)))
    }
    #expect(one.responsibilities(of: x).scalars == [1, 1, 1, 1])
  }

  @Test("components shared by all rows and the same ones repeated a row give the same answers")
  func shared() {
    let rows = 5
    let logits = RandomKey(seed: 1).normal([1, 3])
    let (means, deviations) = (RandomKey(seed: 2).normal([1, 3, 2]), RandomKey(seed: 3).normal([1, 3, 2]).exp())
    let shared = GaussianMixture(logits: logits, means: means, deviations: deviations)
    let own = GaussianMixture(
      logits: logits.expanded(to: [rows, 3]), means: means.expanded(to: [rows, 3, 2]), deviations: deviations.expanded(to: [rows, 3, 2]))
    #expect(shared.sample(keys(rows)).scalars == own.sample(keys(rows)).scalars)
    let x = RandomKey(seed: 4).normal([rows, 2])
    #expect(shared.logProbability(of: x).scalars == own.logProbability(of: x).scalars)
    #expect(shared.responsibilities(of: x).scalars == own.responsibilities(of: x).scalars)
    for total in shared.responsibilities(of: x).rowSums().scalars { #expect(abs(total - 1) < 1e-6) }
  }

  @Test("every row draws from its own components")
  func own() {
    // Row r has components at 10 r and 10 r + 5, of deviation .01.
    let rows = 40
    let means = (0..<rows).flatMap { [10 * Float($0), 10 * Float($0) + 5] }
    let x = GaussianMixture(
      logits: .zeros([rows, 2]), means: Tensor(shape: [rows, 2, 1], scalars: means), deviations: Tensor(0.01)
    ).sample(keys(rows)).scalars
    let offsets = x.enumerated().map { $0.element - 10 * Float($0.offset) }
    for offset in offsets { #expect(min(abs(offset), abs(offset - 5)) < 0.06) }
    #expect(offsets.contains { $0 < 1 } && offsets.contains { $0 > 4 })
  }

  @Test("the density integrates to 1 to 1e-5")
  func integrates() {
    let total = integral(from: -8, to: 9, points: 20_000) { mixture.logProbability(of: column($0)).exp().scalars }
    #expect(abs(total - 1) < 1e-5)
  }

  @Test("samples follow the distribution function (Kolmogorov-Smirnov at 0.001)")
  func samples() {
    let x = mixture.sample(keys(20_000)).scalars
    #expect(kolmogorovStatistic(x) { 0.25 * normalCumulative(($0 + 1) / 0.5) + 0.75 * normalCumulative($0 - 1) } < 1.95)
  }

  @Test("gradients of density and responsibilities match differences, for own and for shared components", arguments: [1, 3])
  func gradients(_ owners: Int) {
    let logits = RandomKey(seed: 1).normal([owners, 3])
    let (means, logDeviations) = (RandomKey(seed: 2).normal([owners, 3, 2]), RandomKey(seed: 3).normal([owners, 3, 2]) * 0.3)
    let x = RandomKey(seed: 4).normal([3, 2])
    func mixture(_ p: [Tensor]) -> GaussianMixture { GaussianMixture(logits: p[0], means: p[1], deviations: p[2].exp()) }
    expectGradients(of: { mixture($0).logProbability(of: $0[3]) }, at: [logits, means, logDeviations, x])
    expectGradients(of: { mixture($0).responsibilities(of: $0[3]) }, at: [logits, means, logDeviations, x])
    expectGradients(of: { mixture([$0[0], $0[1], logDeviations]).mean }, at: [logits, means])
    expectGradients(of: { mixture([logits, $0[0], $0[1]]).sample(keys(3)) }, at: [means, logDeviations])
  }

  @Test("weights of ±200 and points far from every component stay finite and sum to 1")
  func extremes() {
    let lopsided = GaussianMixture(logits: Tensor(rows: [[200, -200]]), means: mixture.means, deviations: mixture.deviations)
    for x in [-1e4, 0, 1e4] as [Float] {
      #expect(lopsided.logProbability(of: column([x])).isFinite)
      #expect(abs(lopsided.responsibilities(of: column([x])).sum().scalar - 1) < 1e-6)
    }
  }

  @Test("the bound on the divergence is exact for one component, above the integral for two, and its gradients match differences")
  func divergenceBound() {
    let q = Normal(mean: column([1, -0.5]), deviation: column([0.5, 0.2]))
    let one = GaussianMixture(logits: .zeros([1, 1]), means: .zeros([1, 1, 1]), deviations: Tensor(2))
    #expect(abs(one.divergenceBound(of: q).scalars[0] - 1.042_544_361_1) < 1e-6)
    for row in 0..<2 {
      let (mean, deviation) = (q.mean.slice(0, row..<row + 1), q.deviation.slice(0, row..<row + 1))
      let exact = integral(from: -8, to: 9, points: 20_000) { points in
        let x = column(points)
        let own = Normal(mean: .zeros(x.shape) + mean, deviation: deviation).logProbability(of: x)
        return (own.exp() * (own - mixture.logProbability(of: x))).scalars
      }
      let bound = Double(mixture.divergenceBound(of: q).scalars[row])
      #expect(bound > exact - 1e-4 && bound < exact + 0.1)
    }
    let (logits, means) = (RandomKey(seed: 1).normal([1, 3]), RandomKey(seed: 2).normal([1, 3, 2]))
    let (logDeviations, mean) = (RandomKey(seed: 3).normal([1, 3, 2]) * 0.3, RandomKey(seed: 4).normal([4, 2]))
    expectGradients(
      of: {
        GaussianMixture(logits: $0[0], means: $0[1], deviations: $0[2].exp()).divergenceBound(of: Normal(mean: $0[3], logDeviation: $0[3] * 0.5))
      },
      at: [logits, means, logDeviations, mean])
  }

  // MARK: Full covariances

  /// Two components in three dimensions, and the covariances that their regressions and deviations make, by x - μ = (I - B)⁻¹ e.
  private let full = GaussianMixture(
    logits: Tensor(rows: [[0.4, -0.3]]), means: Tensor(shape: [1, 2, 3], scalars: [-1, 0, 2, 1, 0.5, -1]),
    deviations: Tensor(shape: [1, 2, 3], scalars: [0.7, 1.2, 0.4, 1, 0.5, 2]),
    regressions: Tensor(shape: [1, 2, 3, 3], scalars: [0, 0, 0, 0.8, 0, 0, -0.5, 0.3, 0, 0, 0, 0, -1.1, 0, 0, 0.2, 0.6, 0]))

  private func mixing(_ component: Int) -> [[Double]] {
    let b = full.regressions.map { $0.scalars[9 * component..<9 * component + 9].map(Double.init) } ?? []
    return [[1, 0, 0], [b[3], 1, 0], [b[6] + b[7] * b[3], b[7], 1]]
  }

  private func covariance(_ component: Int, _ j: Int, _ i: Int) -> Double {
    let m = mixing(component)
    return (0..<3).reduce(0.0) { $0 + m[j][$1] * m[i][$1] * pow(Double(full.deviations.scalars[3 * component + $1]), 2) }
  }

  @Test("with regressions the density is that of the covariance they make, by its inverse and determinant")
  func fullDensity() {
    let x = RandomKey(seed: 4).normal([7, 3]) * 2
    let logJoint = full.logJoint(of: x)
    let weights = full.logits.logSoftmax().scalars.map(Double.init)
    for component in 0..<2 {
      let c = (0..<3).map { j in (0..<3).map { covariance(component, j, $0) } }
      func minor(_ j: Int, _ i: Int) -> Double {
        let (rows, columns) = ((0..<3).filter { $0 != j }, (0..<3).filter { $0 != i })
        return c[rows[0]][columns[0]] * c[rows[1]][columns[1]] - c[rows[0]][columns[1]] * c[rows[1]][columns[0]]
      }
      let determinant = (0..<3).reduce(0.0) { $0 + ($1 == 1 ? -1 : 1) * c[0][$1] * minor(0, $1) }
      for row in 0..<7 {
        let d = (0..<3).map { Double(x.scalars[3 * row + $0] - full.means.scalars[3 * component + $0]) }
        var quadratic = 0.0
        for j in 0..<3 { for i in 0..<3 { quadratic += d[j] * d[i] * ((i + j) % 2 == 0 ? 1 : -1) * minor(i, j) / determinant } }
        let wanted = weights[component] - 0.5 * quadratic - 0.5 * log(determinant) - 1.5 * log(2 * Double.pi)
        #expect(abs(Double(logJoint.scalars[2 * row + component]) - wanted) < 1e-4 * max(1, abs(wanted)))
      }
    }
  }

  @Test("its draws have that covariance, those of a named component are those of a row that chose it, and widening multiplies it")
  func fullSamples() {
    let n = 20_000
    for component in 0..<2 {
      let draws = full.sample(keys(n), of: [Int](repeating: component, count: n))
      let x = (draws - full.means.slice(1, component..<component + 1).reshaped([1, 3])).scalars.map(Double.init)
      for j in 0..<3 {
        for i in 0...j {
          let own = (0..<n).reduce(0.0) { $0 + x[3 * $1 + j] * x[3 * $1 + i] } / Double(n)
          let scale = (covariance(component, j, j) * covariance(component, i, i)).squareRoot()
          #expect(abs(own - covariance(component, j, i)) < 0.04 * scale, "\(component), \(j), \(i)")
        }
      }
      let wide = full.widened(by: 3).sample(keys(n), of: [Int](repeating: component, count: n))
      let (mean, first) = (full.means.scalars[3 * component], draws.scalars[0])
      #expect(abs(wide.scalars[0] - (mean + 3 * (first - mean))) < 1e-4)
    }
    let mixed = full.sample(keys(50))
    let apart = (0..<2).map { full.sample(keys(50), of: [Int](repeating: $0, count: 50)).scalars }
    for row in 0..<50 {
      let own = Array(mixed.scalars[3 * row..<3 * row + 3])
      #expect(apart.contains { Array($0[3 * row..<3 * row + 3]) == own })
    }
  }

  @Test("the bound on the divergence of one full component is the divergence, by draws, and gradients of everything match differences")
  func fullGradients() {
    let one = GaussianMixture(
      logits: .zeros([1, 1]), means: full.means.slice(1, 0..<1), deviations: full.deviations.slice(1, 0..<1),
      regressions: full.regressions?.slice(1, 0..<1))
    let n = 40_000
    let q = Normal(mean: Tensor.ones([n, 3]) * 0.3, deviation: Tensor(rows: [[0.5, 0.8, 0.3]]))
    let z = q.sample(keys(n))
    let ratios = (q.logProbability(of: z) - one.logProbability(of: z)).scalars.map(Double.init)
    let mean = ratios.reduce(0, +) / Double(n)
    let error = (ratios.reduce(0) { $0 + pow($1 - mean, 2) } / Double(n)).squareRoot() / Double(n).squareRoot()
    #expect(abs(Double(one.divergenceBound(of: q).scalars[0]) - mean) < 5 * error)
    let parts = [
      RandomKey(seed: 1).normal([1, 2]), RandomKey(seed: 2).normal([1, 2, 3]), RandomKey(seed: 3).normal([1, 2, 3]) * 0.3,
      RandomKey(seed: 5).normal([1, 2, 3, 3]), RandomKey(seed: 4).normal([4, 3]),
    ]
    let triangle = Tensor(shape: [1, 1, 3, 3], scalars: [0, 0, 0, 1, 0, 0, 1, 1, 0])
    func mixture(_ p: [Tensor]) -> GaussianMixture {
      GaussianMixture(logits: p[0], means: p[1], deviations: p[2].exp(), regressions: p[3] * triangle)
    }
    expectGradients(of: { mixture($0).logProbability(of: $0[4]) }, at: parts)
    expectGradients(of: { mixture($0).divergenceBound(of: Normal(mean: $0[4], logDeviation: $0[4] * 0.5)) }, at: parts)
    expectGradients(of: { mixture([parts[0]] + $0).sample(keys(4)) }, at: Array(parts[1..<4]))
  }
}
