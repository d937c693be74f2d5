import Distributions
import Families
import Foundation
import Tensors
import Testing

@Suite("Codes of committed rate")
struct CommittedCodeTests {
  private let key = RandomKey(seed: 21)
  private func keys(_ n: Int) -> RowKeys { RowKeys(key.split("noise"), rows: 0..<n) }

  private static let kinds: [CommittedCode] = [
    .ar1(latent: 3, steps: 2, correlation: 0.5), .ar1(latent: 1, steps: 7, correlation: 0.95), .ar1(latent: 2, steps: 24, correlation: 0.3),
    .constrained(latent: 5, delta: 0.08), .constrained(latent: 4, delta: 2), .standard(latent: 4),
  ]

  /// KL(q ‖ p) of one row as Σ_t E ln q(z_t) - ln p(z_t | z_t-1), in double, in the form in which nothing has been cancelled.
  private func divergence(_ code: CommittedCode, mean: [Double], deviation: [Double]) -> Double {
    var (a, latent) = (0.0, code.width)
    if case .ar1(let dimensions, _, let correlation) = code { (a, latent) = (correlation, dimensions) }
    return mean.indices.reduce(0) { sum, place in
      let (m, s2) = (mean[place], deviation[place] * deviation[place])
      guard place >= latent else { return sum + 0.5 * (s2 + m * m - 1 - log(s2)) }
      let (before, spread, v) = (mean[place - latent], deviation[place - latent], 1 - a * a)
      let square = (m - a * before) * (m - a * before) + s2 + a * a * spread * spread
      return sum + 0.5 * (log(v) - log(s2) - 1 + square / v)
    }
  }

  private func heads(_ rows: Int, _ code: CommittedCode, scale: Float) -> (Tensor, Tensor) {
    (key.split("mean").normal([rows, code.width]) * scale, key.split("scale").normal([rows, code.width]) * scale)
  }

  @Test(
    "the least rate of a dimension over n steps of correlation a, in nats",
    arguments: [(2, 0.5, 0.143841), (3, 0.5, 0.255413), (10, 0.5, 1.036415), (64, 0.9, 19.223498), (256, 0.95, 82.846390)])
  func leastRate(_ steps: Int, _ correlation: Double, _ nats: Double) {
    let code = CommittedCode.ar1(latent: 1, steps: steps, correlation: correlation)
    #expect(abs(code.committedNats - nats) < 5e-7)
    #expect(abs(CommittedCode.ar1(latent: 6, steps: steps, correlation: correlation).committedNats - 6 * code.committedNats) < 1e-9)
    // Heads of 0 are where it is: a mean of 0, and the deviations of both ends and between.
    let q = code.posterior(mean: .zeros([1, steps]), scale: .zeros([1, steps]))
    let (end, inner) = (1 - correlation * correlation, (1 - correlation * correlation) / (1 + correlation * correlation))
    for (step, deviation) in q.deviation.scalars.enumerated() {
      #expect(abs(Double(deviation * deviation) - (step == 0 || step == steps - 1 ? end : inner)) < 1e-6)
    }
    #expect(code.divergence(q).scalars == [Float(code.committedNats)])
    #expect(abs(divergence(code, mean: [Double](repeating: 0, count: steps), deviation: q.deviation.scalars.map(Double.init)) - nats) < 1e-4)
  }

  @Test("by search over the deviations nothing is cheaper than that", arguments: [2, 3, 4])
  func search(_ steps: Int) {
    let code = CommittedCode.ar1(latent: 1, steps: steps, correlation: 0.5)
    let choices = stride(from: 0.6, through: 1.0, by: 0.01).map { $0 }
    var least = Double.infinity
    // Those within are alike by symmetry.
    for end in choices {
      for inner in choices {
        let deviation = (0..<steps).map { $0 == 0 || $0 == steps - 1 ? end : inner }
        least = min(least, divergence(code, mean: [Double](repeating: 0, count: steps), deviation: deviation))
      }
    }
    #expect(least > code.committedNats - 1e-12 && least < code.committedNats + 1e-3)
  }

  @Test("a constrained mean of deviation 1 is 0.4 or more from 0 where δ is 0.08, on either side")
  func distance() {
    let code = CommittedCode.constrained(latent: 3, delta: 0.08)
    let q = code.posterior(mean: Tensor(rows: [[0, -1e-9, 0.5]]), scale: .zeros([1, 3]))
    for (mean, expected) in zip(q.mean.scalars, [0.4, -0.4, 0.9] as [Float]) { #expect(abs(mean - expected) < 1e-6) }
    #expect(abs(code.costs(q).scalars[0] - 0.08) < 1e-6)
  }

  @Test("no q costs less than δ, whatever the heads are", arguments: kinds)
  func bound(_ code: CommittedCode) {
    let least = Float(code.committedNats)
    for scale in [0, 1e-4, 0.01, 0.3, 1, 5, 100] as [Float] {
      let (m, h) = heads(500, code, scale: scale)
      let q = code.posterior(mean: m, scale: h)
      let nats = code.divergence(q).scalars
      #expect(nats.allSatisfy { $0.isFinite && $0 >= least - 2e-6 * max(1, least) }, "heads of \(scale): \(nats.min() ?? 0) below \(least)")
      for (sum, whole) in zip(code.costs(q).rowSums().scalars, nats) { #expect(abs(sum - whole) <= 1e-5 * max(1, whole)) }
    }
  }

  @Test("the closed form is the sum over the steps, and what draws of q say on average", arguments: kinds)
  func closedForm(_ code: CommittedCode) {
    let (m, h) = heads(6, code, scale: 0.4)
    let q = code.posterior(mean: m, scale: h)
    let nats = code.divergence(q).scalars
    for row in 0..<6 {
      let places = row * code.width..<(row + 1) * code.width
      let own = divergence(code, mean: q.mean.scalars[places].map(Double.init), deviation: q.deviation.scalars[places].map(Double.init))
      #expect(abs(own - Double(nats[row])) < 1e-5 * max(1, own))
    }
    let n = 40_000
    let one = [Int](repeating: 0, count: n)
    let same = Normal(mean: q.mean.gather(one), logDeviation: q.logDeviation.gather(one))
    let z = same.sample(keys(n))
    let drawn = average((same.logProbability(of: z) - code.logProbability(of: z)).scalars)
    #expect(abs(drawn.mean - Double(nats[0])) < 4 * drawn.error)
  }

  @Test("every Gaussian that costs δ or more in each dimension is the q of some heads", arguments: [0.02, 0.08, 1])
  func reachable(_ delta: Double) {
    let code = CommittedCode.constrained(latent: 1, delta: delta)
    var reached = 0
    for mean in stride(from: -2.0, through: 2, by: 0.1) {
      for logDeviation in stride(from: -2.5, through: 1, by: 0.1) {
        let s2 = exp(2 * logDeviation)
        let room = 2 * delta + 1 + 2 * logDeviation - s2
        guard abs(mean) > 1e-3, 0.5 * (s2 + mean * mean - 1) - logDeviation >= delta else { continue }
        // What the mean is moved by comes off its head.
        let head = mean - (mean < 0 ? -1 : 1) * max(0, room).squareRoot()
        let q = code.posterior(mean: Tensor(rows: [[Float(head)]]), scale: Tensor(rows: [[Float(logDeviation)]]))
        #expect(abs(Double(q.mean.scalar1) - mean) < 1e-4 && abs(Double(q.deviation.scalar1) - s2.squareRoot()) < 1e-4)
        reached += 1
      }
    }
    #expect(reached > 500)
  }

  @Test("steps under the prior are N(0, 1), each correlated with the one before it, and their density is that of the chain")
  func prior() {
    let (code, n) = (CommittedCode.ar1(latent: 2, steps: 5, correlation: 0.8), 40_000)
    let z = code.sample(noise: keys(n).normal(code.width))
    let columns = (0..<code.width).map { column in (0..<n).map { z.scalars[$0 * code.width + column] } }
    for column in columns.indices {
      #expect(abs(average(columns[column].map { $0 * $0 }).mean - 1) < 0.03 && abs(average(columns[column]).mean) < 0.02)
      guard column >= 2 else { continue }
      #expect(abs(average(zip(columns[column], columns[column - 2]).map(*)).mean - 0.8) < 0.03)
      #expect(abs(average(zip(columns[column], columns[column - 1]).map(*)).mean) < 0.03)
    }
    let some = z.slice(0, 0..<3)
    for (row, value) in code.logProbability(of: some).scalars.enumerated() {
      let z = some.scalars[row * 10..<(row + 1) * 10].map(Double.init)
      let expected = z.indices.reduce(0.0) { sum, place in
        let (mean, v) = place < 2 ? (0, 1) : (0.8 * z[place - 2], 1 - 0.64)
        return sum - 0.5 * log(2 * Double.pi * v) - (z[place] - mean) * (z[place] - mean) / (2 * v)
      }
      #expect(abs(Double(value) - expected) < 1e-5 * abs(expected))
    }
  }
}

extension Tensor {
  /// The one number of a tensor of any rank.
  fileprivate var scalar1: Float { scalars[0] }
}
