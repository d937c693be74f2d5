import Distributions
import Foundation
import Tensors
import Testing

/// The linear-Gaussian model p(z) = N(0, 1), p(x | z) = N(2 z, variance 1/4), for which everything is known.
private struct LinearGaussian {
  static let logEvidence = -1.760_045_083_5  // ln p(x = 1)
  static let posterior = (mean: Float(0.470_588_235_3), deviation: Float(0.058_823_529_4).squareRoot())

  /// ln p(1, z) - ln q(z): z [n, 1] -> [n].
  static func logWeights(_ z: Tensor, _ q: Normal) -> Tensor {
    let prior = Normal.standard(rows: z.shape[0], dimensions: 1).logProbability(of: z)
    let likelihood = Normal(mean: 2 * z, deviation: Tensor(0.5)).logProbability(of: .ones(z.shape))
    return prior + likelihood - q.logProbability(of: z)
  }
}

@Suite("Bounds on the evidence")
struct BoundsTests {
  @Test("the bound of log-weights -1000, -1001, -1002 is -1000.6910063 to float32's spacing there")
  func oracle() {
    #expect(abs(iwaeBound(column([-1000, -1001, -1002])).scalar + 1000.691_006_324_2) < 7e-5)
    #expect(abs(iwaeBound(column([0, -1, -2])).scalar + 0.691_006_324_2) < 1e-6)
  }

  @Test("each row is bounded apart; one weight is its own bound; impossible draws count as nothing")
  func rows() {
    let bound = iwaeBound(Tensor(rows: [[0, -1000, -.infinity], [0, -1001, 3], [0, -1002, 3]]))
    #expect(bound.shape == [3])
    #expect(abs(bound.scalars[0]) < 1e-6)
    #expect(abs(bound.scalars[2] - (3 + Float(log(2.0 / 3)))) < 1e-6)
    #expect(iwaeBound(Tensor(rows: [[-3, 4]])).scalars == [-3, 4])
    #expect(iwaeBound(column([-.infinity, -.infinity])).scalar == -.infinity)
  }

  @Test("log-weights that come draw by draw have the bound of all together, to the bit while they are few")
  func drawByDraw() {
    let weights = RandomKey(seed: 2).normal([700, 3]) * 4 - 80
    for count in [1, 7, 256, 257, 700] {
      var sum = LogMeanExp()
      for draw in 0..<count { sum.add(weights.slice(0, draw..<draw + 1).reshaped([3])) }
      let whole = iwaeBound(weights.slice(0, 0..<count))
      for (a, b) in zip(sum.value.scalars, whole.scalars) { #expect(count <= 256 ? a == b : abs(a - b) < 1e-4) }
    }
  }

  @Test("gradients of the bound are the normalised weights, and match differences")
  func gradients() {
    let logWeights = RandomKey(seed: 3).normal([4, 3])
    let watched = logWeights.watched()
    let gradient = iwaeBound(watched).sum().backward()[watched]
    let normalised = logWeights.transposed().softmax().transposed()
    for (a, b) in zip(gradient?.scalars ?? [], normalised.scalars) { #expect(abs(a - b) < 1e-6) }
    expectGradients(of: { iwaeBound($0[0]) }, at: [logWeights])
  }

  @Test("with the exact posterior every weight is the evidence, so the bound is it for any k and seed, to 1e-5", arguments: [1, 2, 7, 64])
  func exactPosterior(_ k: Int) {
    for seed in [1, 2, 3] as [UInt64] {
      let q = Normal(mean: .full([k, 1], LinearGaussian.posterior.mean), deviation: Tensor(LinearGaussian.posterior.deviation))
      let logWeights = LinearGaussian.logWeights(q.sample(keys(k, seed: seed)), q)
      for weight in logWeights.scalars { #expect(abs(Double(weight) - LinearGaussian.logEvidence) < 1e-5) }
      #expect(abs(Double(iwaeBound(logWeights.reshaped([k, 1])).scalar) - LinearGaussian.logEvidence) < 1e-5)
    }
  }

  @Test("with q = N(0, 1) the ELBO is -10.2257913526, by quadrature to 1e-4")
  func priorAsPosterior() {
    let elbo = integral(from: -9, to: 9, points: 20_000) { z in
      let q = Normal.standard(rows: z.count, dimensions: 1)
      return zip(q.logProbability(of: column(z)).scalars, LinearGaussian.logWeights(column(z), q).scalars).map { exp($0) * $1 }
    }
    #expect(abs(elbo + 10.225_791_352_6) < 1e-4)
  }

  @Test("on the same draws the bound never falls when groups are joined, and stays under the evidence up to five standard errors")
  func monotonic() {
    let n = 65_536
    let q = Normal.standard(rows: n, dimensions: 1)
    let logWeights = LinearGaussian.logWeights(q.sample(keys(n)), q)
    var previous = -Double.infinity
    for k in [1, 4, 16, 64, 256] {
      let bound = moments(iwaeBound(logWeights.reshaped([n / k, k]).transposed()).scalars)
      #expect(bound.mean >= previous - 1e-5)
      #expect(bound.mean < LinearGaussian.logEvidence + 5 * bound.error)
      previous = bound.mean
    }
    #expect(abs(previous - LinearGaussian.logEvidence) < 0.05)
  }

  @Test("a uniform model of 256 levels needs exactly 8 bits a dimension")
  func bits() { #expect(abs(bitsPerDimension(nats: -784 * log(256), dimensions: 784) - 8) < 1e-12) }
}
