import Distributions
import Foundation
import Tensors
import Testing

@Suite("Aggregate posterior")
struct AggregatePosteriorTests {
  private let key = RandomKey(seed: 3)

  /// M posteriors of d dimensions, each with a draw.
  private func batch(_ count: Int, _ dimensions: Int) -> (components: Normal, draws: Tensor) {
    let components = Normal(
      mean: key.split("mean").normal([count, dimensions]) * 1.5, logDeviation: key.split("deviation").normal([count, dimensions]) * 0.7 - 1)
    return (components, components.sample(RowKeys(key.split("draw"), rows: 0..<count)))
  }

  /// Everything again in double precision, a loop at a time.
  private struct Reference {
    var joint: [Double] = []
    var marginals: [[Double]] = []
    var parts: [(mutualInformation: Double, totalCorrelation: Double, dimensionKL: Double)] = []
    /// ln q(z|x) - ln p(z).
    var whole: [Double] = []

    init(_ components: Normal, _ z: Tensor, weight: (_ row: Int, _ column: Int) -> Double) {
      let (count, d) = (z.shape[0], z.shape[1])
      let (means, deviations, z) = (components.mean.scalars, components.deviation.scalars, z.scalars)
      func normal(_ x: Double, _ m: Double, _ s: Double) -> Double { -0.5 * log(2 * Double.pi) - log(s) - 0.5 * (x - m) * (x - m) / (s * s) }
      func pair(_ n: Int, _ m: Int, _ j: Int) -> Double { normal(Double(z[n * d + j]), Double(means[m * d + j]), Double(deviations[m * d + j])) }
      for n in 0..<count {
        let all = (0..<count).map { m in weight(n, m) * exp((0..<d).reduce(0.0) { $0 + pair(n, m, $1) }) }
        joint.append(log(all.reduce(0, +)))
        marginals.append((0..<d).map { j in log((0..<count).reduce(0.0) { $0 + weight(n, $1) * exp(pair(n, $1, j)) }) })
        let own = (0..<d).reduce(0.0) { $0 + pair(n, n, $1) }
        let prior = (0..<d).reduce(0.0) { $0 + normal(Double(z[n * d + $1]), 0, 1) }
        let product = marginals[n].reduce(0, +)
        parts.append((own - joint[n], joint[n] - product, product - prior))
        whole.append(own - prior)
      }
    }
  }

  @Test("both estimators agree with a loop in double precision, and their parts add up to ln q(z|x) - ln p(z)", arguments: [1, 2, 7, 33])
  func parts(_ count: Int) {
    let (components, draws) = batch(count, 3)
    let items = 100
    let stratified = AggregatePosterior.stratifiedWeights(count, items: items).scalars
    let rows: [(AggregatePosterior, (Int, Int) -> Double)] = [
      (AggregatePosterior(components, items: items, estimator: .weighted), { _, _ in 1 / Double(items * count) }),
      (AggregatePosterior(components, items: items, estimator: .stratified), { Double(stratified[$0 * count + $1]) }),
      (AggregatePosterior(of: components), { _, _ in 1 / Double(count) }),
    ]
    for (aggregate, weight) in rows {
      let reference = Reference(components, draws, weight: weight)
      let (joint, marginals) = aggregate.logProbabilities(of: draws)
      let parts = aggregate.parts(of: draws)
      let whole = components.logProbability(of: draws) - Normal.standard(rows: count, dimensions: 3).logProbability(of: draws)
      let sum = parts.mutualInformation + parts.totalCorrelation + parts.dimensionKL
      for n in 0..<count {
        #expect(abs(Double(joint.scalars[n]) - reference.joint[n]) < 1e-4)
        for j in 0..<3 { #expect(abs(Double(marginals.scalars[3 * n + j]) - reference.marginals[n][j]) < 1e-4) }
        let own = reference.parts[n]
        #expect(abs(own.mutualInformation + own.totalCorrelation + own.dimensionKL - reference.whole[n]) < 1e-10)
        #expect(abs(Double(parts.mutualInformation.scalars[n]) - own.mutualInformation) < 1e-4)
        #expect(abs(Double(parts.totalCorrelation.scalars[n]) - own.totalCorrelation) < 1e-4)
        #expect(abs(Double(parts.dimensionKL.scalars[n]) - own.dimensionKL) < 1e-4)
        #expect(abs(sum.scalars[n] - whole.scalars[n]) < 1e-4)
      }
    }
  }

  @Test("where all posteriors are one, weighted sampling is (d - 1) ln N off: 20.7232658 for N = 1000 and d = 4; stratified sampling is exact")
  func coinciding() {
    let (count, d, items) = (64, 4, 1000)
    let one = batch(1, d).components
    let components = Normal(mean: one.mean.expanded(to: [count, d]), deviation: one.deviation.expanded(to: [count, d]))
    let draws = components.sample(RowKeys(key, rows: 0..<count))
    let exact = components.logProbability(of: draws).scalars
    let weighted = AggregatePosterior(components, items: items, estimator: .weighted)
    for (own, joint) in zip(exact, weighted.logProbabilities(of: draws).joint.scalars) { #expect(abs(joint - (own - log(Float(items)))) < 1e-4) }
    for value in weighted.parts(of: draws).totalCorrelation.scalars { #expect(abs(value - 20.723_265_8) < 1e-4) }
    let stratified = AggregatePosterior(components, items: items, estimator: .stratified)
    for (own, joint) in zip(exact, stratified.logProbabilities(of: draws).joint.scalars) { #expect(abs(joint - own) < 1e-4) }
    for value in stratified.parts(of: draws).totalCorrelation.scalars { #expect(abs(value) < 1e-4) }
  }

  @Test(
    "stratified weights: 1/N on the diagonal, one stratum a row, 1/M' elsewhere, rows that sum to 1",
    arguments: [(2, 2), (2, 50), (5, 5), (5, 1000)])
  func weights(_ count: Int, _ items: Int) {
    let weights = AggregatePosterior.stratifiedWeights(count, items: items).scalars
    let others = Float(count - 1)
    for row in 0..<count {
      let own = weights[row * count..<(row + 1) * count]
      #expect(abs(own.reduce(0, +) - 1) < 1e-6)
      #expect(weights[row * count + row] == 1 / Float(items))
      let stratum = (Float(items) - others) / (Float(items) * others)
      #expect(abs(weights[row * count + (row + 1) % count] - stratum) < 1e-6)
      #expect(own.filter { $0 == 1 / others }.count >= count - 2 && own.allSatisfy { $0 > 0 })
    }
    #expect(AggregatePosterior.stratifiedWeights(1, items: items).scalars == [1])
  }

  @Test("of a correlated Gaussian the mixture of all items finds the total correlation; too high by less the more items there are")
  func knownGaussian() {
    // x ~ N(0, [[1, ρ], [ρ, 1]]), q(z|x) = N(x, s² I): q(z) is a Gaussian of correlation ρ / (1 + s²), TC = -½ ln(1 - ρ² / (1 + s²)²).
    let (rho, s): (Float, Float) = (0.8, 0.3)
    let r = Double(rho) / (1 + Double(s * s))
    let exact = -0.5 * log(1 - r * r)
    var errors: [Double] = []
    for count in [250, 1000, 4000] {
      let noise = key.split(count).normal([count, 2]).scalars
      let x = Tensor(
        shape: [count, 2],
        scalars: (0..<count).flatMap { (row: Int) -> [Float] in
          let (a, b) = (noise[2 * row], noise[2 * row + 1])
          return [a, rho * a + (1 - rho * rho).squareRoot() * b]
        })
      let components = Normal(mean: x, deviation: Tensor([s]))
      let draws = components.sample(RowKeys(key.split("draws"), rows: 0..<count))
      let values = AggregatePosterior(of: components).parts(of: draws).totalCorrelation.scalars.map(Double.init)
      let mean = values.reduce(0, +) / Double(count)
      let deviation = (values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
      errors.append(mean - exact)
      #expect(abs(mean - exact) < 4 * deviation / Double(count).squareRoot() + 8 / Double(count), "\(count) items: \(mean), exactly \(exact)")
    }
    #expect(abs(errors[2]) < 0.05, "errors of 250, 1000 and 4000 items: \(errors)")
  }

  @Test("gradients with respect to draws, means and deviations match central differences", arguments: AggregatePosterior.Estimator.allCases)
  func gradients(_ estimator: AggregatePosterior.Estimator) {
    let (components, draws) = batch(6, 3)
    let (mean, logDeviation) = (components.mean, components.logDeviation)
    func value(_ z: Tensor, _ mean: Tensor, _ logDeviation: Tensor) -> Tensor {
      let parts = AggregatePosterior(Normal(mean: mean, logDeviation: logDeviation), items: 40, estimator: estimator).parts(of: z)
      return parts.totalCorrelation.mean() + parts.mutualInformation.mean() * 0.3 + parts.dimensionKL.mean() * 0.7
    }
    let inputs = [draws, mean, logDeviation].map { $0.watched() }
    let gradients = value(inputs[0], inputs[1], inputs[2]).backward()
    for place in 0..<3 {
      let slopes = gradients[inputs[place]]?.scalars ?? []
      #expect(slopes.count == 18)
      for (index, slope) in slopes.enumerated() {
        func moved(_ h: Float) -> Double {
          var all = [draws, mean, logDeviation]
          var scalars = all[place].scalars
          scalars[index] += h
          all[place] = Tensor(shape: all[place].shape, scalars: scalars)
          return Double(value(all[0], all[1], all[2]).scalar)
        }
        let difference: Double = (moved(2e-3) - moved(-2e-3)) / 4e-3
        #expect(abs(difference - Double(slope)) < 5e-3 + 0.01 * abs(Double(slope)))
      }
    }
  }
}
