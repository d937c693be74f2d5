import Distributions
import Foundation
import Tensors
import Testing

@Suite("GaussianMixture fitting")
struct GaussianMixtureFittingTests {
  @Test("one component takes the mean and the variance of the points")
  func single() {
    let points = RandomKey(seed: 1).normal([500, 3]) * Tensor([1, 2, 0.5]) + Tensor([0, 3, -1])
    let fit = GaussianMixture.fitted(to: points, components: 1, key: RandomKey(seed: 2))
    for j in 0..<3 {
      let values = (0..<500).map { Double(points.scalars[3 * $0 + j]) }
      let mean = values.reduce(0, +) / 500
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 500
      #expect(abs(Double(fit.means.scalars[j]) - mean) < 1e-5)
      #expect(abs(Double(fit.deviations.scalars[j]) - variance.squareRoot()) < 1e-5)
    }
    #expect(fit.logits.scalars == [0])
  }

  @Test("weights, means and deviations of separated components are found")
  func recovered() throws {
    // π = (.2, .5, .3), means (-5, 0), (0, 4), (5, 0), deviations (.5, 1), (1, .3), (.7, .7).
    let truth = GaussianMixture(
      logits: Tensor(rows: [[0.2, 0.5, 0.3].map { Float(log($0)) }]), means: Tensor(shape: [1, 3, 2], scalars: [-5, 0, 0, 4, 5, 0]),
      deviations: Tensor(shape: [1, 3, 2], scalars: [0.5, 1, 1, 0.3, 0.7, 0.7]))
    let n = 4000
    let points = truth.sample(keys(n))
    let fit = GaussianMixture.fitted(to: points, components: 3, key: RandomKey(seed: 5))
    for k in 0..<3 {
      let own = try #require(
        (0..<3).min { abs(fit.means.scalars[2 * $0] - truth.means.scalars[2 * k]) < abs(fit.means.scalars[2 * $1] - truth.means.scalars[2 * k]) })
      #expect(abs(exp(fit.logits.scalars[own]) - exp(truth.logits.scalars[k])) < 0.03)
      for j in 0..<2 {
        #expect(abs(fit.means.scalars[2 * own + j] - truth.means.scalars[2 * k + j]) < 0.12)
        #expect(abs(fit.deviations.scalars[2 * own + j] - truth.deviations.scalars[2 * k + j]) < 0.06)
      }
    }
    // The best fit is no less likely than the truth.
    #expect(fit.logProbability(of: points).mean().scalar > truth.logProbability(of: points).mean().scalar - 1e-4)
  }

  @Test("no iteration lowers the likelihood")
  func ascent() {
    let points = RandomKey(seed: 8).uniform([600, 2])
    let likelihoods = [1, 2, 4, 8, 30, 120].map {
      GaussianMixture.fitted(to: points, components: 6, iterations: $0, tolerance: 0, key: RandomKey(seed: 9)).logProbability(of: points).mean()
        .scalar
    }
    for (fewer, more) in zip(likelihoods, likelihoods.dropFirst()) { #expect(more > fewer - 1e-5) }
    #expect(likelihoods[5] > likelihoods[0])
  }

  @Test("one iteration on other points gives components the moments of the points, weighed by their responsibilities")
  func refitted() {
    let mixture = GaussianMixture(
      logits: Tensor(rows: [[0.3, -0.2]]), means: Tensor(shape: [1, 2, 2], scalars: [-1, 0, 1, 0.5]),
      deviations: Tensor(shape: [1, 2, 2], scalars: [0.7, 1, 1, 0.8]))
    let points = RandomKey(seed: 4).normal([50, 2])
    let (r, x) = (mixture.responsibilities(of: points).scalars.map(Double.init), points.scalars.map(Double.init))
    let refitted = mixture.refitted(to: points)
    for k in 0..<2 {
      let count = (0..<50).reduce(0.0) { $0 + r[2 * $1 + k] }
      #expect(abs(exp(Double(refitted.logits.scalars[k])) - count / 50) < 1e-6)
      for j in 0..<2 {
        let mean = (0..<50).reduce(0.0) { $0 + r[2 * $1 + k] * x[2 * $1 + j] } / count
        let variance = (0..<50).reduce(0.0) { $0 + r[2 * $1 + k] * pow(x[2 * $1 + j] - mean, 2) } / count
        #expect(abs(Double(refitted.means.scalars[2 * k + j]) - mean) < 1e-5)
        #expect(abs(Double(refitted.deviations.scalars[2 * k + j]) - variance.squareRoot()) < 1e-5)
      }
    }
    #expect(refitted.logProbability(of: points).mean().scalar > mixture.logProbability(of: points).mean().scalar)
  }

  @Test("points that coincide meet the floor of the variance, spare components stay finite, and the same key gives the same bits")
  func degenerate() {
    let points = column([2, 2, 2, 5, 5])
    let fit = GaussianMixture.fitted(to: points, components: 4, smallestVariance: 0.01, key: RandomKey(seed: 1))
    #expect(fit.logits.isFinite && fit.means.isFinite && fit.deviations.scalars.allSatisfy { $0 >= 0.0999 })
    #expect(abs(fit.logits.scalars.reduce(0) { $0 + exp($1) } - 1) < 1e-5)
    #expect(fit.logProbability(of: points).scalars.allSatisfy { $0 > 0 })
    let again = GaussianMixture.fitted(to: points, components: 4, smallestVariance: 0.01, key: RandomKey(seed: 1))
    #expect(again.logits.scalars == fit.logits.scalars && again.means.scalars == fit.means.scalars)
    let far = GaussianMixture.fitted(to: column([-1e6, 0, 1e6]), components: 2, key: RandomKey(seed: 1))
    #expect(far.logProbability(of: column([0])).isFinite)
  }

  @Test("a full component takes the covariance of the points, no iteration lowers the likelihood, and diagonal ones are less likely")
  func full() throws {
    let mixing = Tensor(rows: [[1, 0.5, -0.3], [0, 1, 2], [0, 0, 0.4]])
    let points = RandomKey(seed: 1).normal([800, 3]).matrixProduct(mixing) + Tensor([0, 3, -1])
    let fit = GaussianMixture.fitted(to: points, components: 1, isFull: true, key: RandomKey(seed: 2))
    let b = try #require(fit.regressions).scalars.map(Double.init)
    let m = [[1, 0, 0], [b[3], 1, 0], [b[6] + b[7] * b[3], b[7], 1]]
    let x = (points - fit.means.reshaped([1, 3])).scalars.map(Double.init)
    for j in 0..<3 {
      for i in 0...j {
        let sample = (0..<800).reduce(0.0) { $0 + x[3 * $1 + j] * x[3 * $1 + i] } / 800
        let own = (0..<3).reduce(0.0) { $0 + m[j][$1] * m[i][$1] * pow(Double(fit.deviations.scalars[$1]), 2) }
        #expect(abs(own - sample) < 1e-4)
      }
    }
    let diagonal = GaussianMixture.fitted(to: points, components: 1, key: RandomKey(seed: 2))
    #expect(fit.logProbability(of: points).mean().scalar > diagonal.logProbability(of: points).mean().scalar + 0.1)
    #expect(diagonal.regressions == nil)
    let likelihoods = [1, 2, 4, 8, 30].map {
      GaussianMixture.fitted(to: points, components: 4, isFull: true, iterations: $0, tolerance: 0, key: RandomKey(seed: 9)).logProbability(
        of: points
      )
      .mean().scalar
    }
    for (fewer, more) in zip(likelihoods, likelihoods.dropFirst()) { #expect(more > fewer - 1e-5) }
    let refitted = fit.refitted(to: points)
    for (again, before) in zip(try #require(refitted.regressions).scalars, b) { #expect(abs(Double(again) - before) < 1e-4) }
    // Points on a line have no covariance of full rank.
    let line = Tensor.concatenated([points.slice(1, 0..<1), points.slice(1, 0..<1) * 2], axis: 1)
    let thin = GaussianMixture.fitted(to: line, components: 3, isFull: true, smallestVariance: 1e-4, key: RandomKey(seed: 3))
    #expect(thin.logProbability(of: line).isFinite && thin.deviations.scalars.allSatisfy { $0 > 0.0099 })
  }
}
