import Distributions
import Foundation
import Robustness
import Tensors
import Testing

@Suite("Numbers that others computed")
struct OracleTests {
  private func picture(_ height: Int, _ width: Int, _ a: Double, _ b: Double, _ c: Double) -> [Float] {
    (0..<height).flatMap { i in (0..<width).map { j in Float(0.5 + 0.4 * sin(a * Double(i) + b * Double(j) + c * Double(i * j))) } }
  }

  /// scikit-image 0.26: `structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0)` of the float64 images; MS-SSIM
  /// is the product of the same terms over scales halved by means of 2 x 2, with scipy's `gaussian_filter`.
  @Test(
    "SSIM and MS-SSIM are scikit-image's",
    arguments: [
      (28, 28, 0.9192814399178917, 2, 0.9633959736466345), (64, 48, 0.9385942276022322, 3, 0.9727568655765992),
      (190, 181, 0.9522292912224931, 5, 0.958089974742453),
    ])
  func similarity(height: Int, width: Int, ssim: Double, scales: Int, multiScale: Double) {
    let a = picture(height, width, 0.31, 0.17, 0.011)
    let noise = picture(height, width, 0.9, 0.53, 0.07)
    // In double, as NumPy has it with Python's floats, then rounded.
    let b = zip(a, noise).map { Float(min(max(0.8 * $0 + 0.2 * $1, 0), 1)) }
    let similarity = StructuralSimilarity(height: height, width: width, channels: 1, range: 1)
    #expect(similarity.scales == scales && similarity.window == 11)
    #expect(abs(similarity.ssim(a, b) - ssim) < 1e-6)
    #expect(abs(similarity.multiScale(a, b) - multiScale) < 1e-6)
    #expect(abs(similarity.ssim(a, a) - 1) < 1e-12 && abs(similarity.multiScale(b, b) - 1) < 1e-12)
    #expect(abs(similarity.ssim(a, b) - similarity.ssim(b, a)) < 1e-12)
  }

  @Test("a small image has a smaller window and one scale, and channels are averaged")
  func smallImages() {
    let similarity = StructuralSimilarity(height: 4, width: 6, channels: 3, range: 1)
    #expect(similarity.window == 3 && similarity.scales == 1)
    let planes = [picture(4, 6, 0.3, 0.4, 0), picture(4, 6, 0.9, 0.2, 0.1), picture(4, 6, 0.1, 0.7, 0.3)]
    let other = picture(4, 6, 1, 1, 1)
    let single = StructuralSimilarity(height: 4, width: 6, channels: 1, range: 1)
    let expected = planes.map { single.ssim($0, other) }.reduce(0, +) / 3
    #expect(abs(similarity.ssim(planes.flatMap { $0 }, other + other + other) - expected) < 1e-12)
  }

  /// `numpy.linalg.norm(J, 2) ** 2` and `(J ** 2).sum()`
  @Test("the spectral norm of a Jacobian is numpy's")
  func spectralNorm() {
    let rows = (0..<5).map { i -> Tensor in
      // Two items, of which the first one moves nothing.
      let own = (0..<12).map { k -> Float in
        let angle: Double = 0.7 * Double(i) + 0.3 * Double(k) + 0.05 * Double(i * k)
        return Float(sin(angle))
      }
      return Tensor(shape: [2, 12], scalars: [Float](repeating: 0, count: 12) + own)
    }
    let gram = Gram(rows: rows, item: 1)
    #expect(abs(gram.largestEigenvalue - 16.387908882093868) < 1e-9 && abs(gram.trace - 29.86496878215388) < 1e-9)
    let nothing = Gram(rows: rows, item: 0)
    #expect(nothing.largestEigenvalue == 0 && nothing.trace == 0)
  }

  /// `scipy.stats.beta.ppf(0.05, k, n - k + 1)`
  @Test(
    "lower limits of proportions are scipy's",
    arguments: [
      (0, 10, 0.0), (1, 10, 0.005116196891823701), (7, 10, 0.39337578389458766), (10, 10, 0.7411344491069477), (150, 200, 0.6945326433508061),
      (199, 200, 0.9765015295650493), (200, 200, 0.9851329607687279),
    ])
  func clopperPearson(successes: Int, trials: Int, limit: Double) {
    #expect(abs(clopperPearsonLowerLimit(successes: successes, trials: trials) - limit) < 1e-12)
  }

  /// `scipy.stats.norm.ppf`
  @Test(
    "normal quantiles are scipy's",
    arguments: [
      (1e-9, -5.9978070150076865), (0.01, -2.3263478740408408), (0.3, -0.5244005127080409), (0.5, 0), (0.75, 0.6744897501960817),
      (0.999, 3.090232306167813),
    ])
  func quantile(p: Double, z: Double) { #expect(abs(normalQuantile(p) - z) < 1e-12 * max(1, abs(z)) * 10) }

  /// `scipy.optimize.minimize(rosen, ..., method='L-BFGS-B', bounds=[(-1.5, 0.8)] * 10)` from -1.2: 6.00101639460618 at (0.8, 0.6659, 0.4603, ...).
  @Test("the projected quasi-Newton search finds the minimum that L-BFGS-B finds, with a bound active")
  func rosenbrock() {
    var search = ProjectedLBFGS(
      from: .init(repeating: -1.2, count: 10), lower: .init(repeating: -1.5, count: 10), upper: .init(repeating: 0.8, count: 10), iterations: 500,
      tolerance: 1e-8)
    var value = Double.infinity
    var evaluations = 0
    while search.ending == nil, evaluations < 5000 {
      let x = search.proposal
      var gradient = [Double](repeating: 0, count: 10)
      value = 0
      for i in 0..<9 {
        let (rise, gap) = (x[i + 1] - x[i] * x[i], 1 - x[i])
        value += 100 * rise * rise + gap * gap
        gradient[i] += -400 * x[i] * rise - 2 * gap
        gradient[i + 1] += 200 * rise
      }
      search.tell(value, gradient)
      evaluations += 1
    }
    let x = search.proposal
    let expected = [0.8, 0.665886491, 0.460333647, 0.224432943, 0.0609973868, 0.0138622158, 0.0102971926, 0.0102060505, 0.0100041225, 0.000100082618]
    #expect(search.ending == .converged && zip(x, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(x) after \(evaluations) evaluations")
  }

  @Test("areas: of a straight line half its height, of the distortion curve the lower envelope")
  func areas() {
    #expect(meanHeight([(0, 0), (2, 4)]) == 2)
    #expect(DistortionCurve([]).area == 0.5)
    // (0, 1), (0.25, 0.5), (0.5, 0.5: above the envelope), (1, 0)
    let curve = DistortionCurve([(0.5, 0.9), (0.25, 0.5), (1.5, 0)])
    #expect(curve.points.map(\.y) == [1, 0.5, 0.5, 0] && abs(curve.area - (0.1875 + 0.125 + 0.125)) < 1e-12)
  }

  @Test("a summary has Bessel's standard error and interpolated quartiles, and leaves out what is no number")
  func summaries() {
    let summary = Summary([4, 1, .nan, 3, 2])
    #expect(summary.count == 4 && summary.mean == 2.5 && abs(summary.standardError - (5.0 / 3 / 4).squareRoot()) < 1e-15)
    #expect(summary.quantiles == [1, 1.75, 2.5, 3.25, 4])
    #expect(Summary([1]).standardError.isNaN)
  }
}
