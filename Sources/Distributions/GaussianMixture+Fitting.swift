internal import Foundation
package import Tensors

extension GaussianMixture {
  /// The mixture of greatest likelihood that expectation-maximisation reaches from k-means, in double precision (Dempster et al. 1977).
  ///
  /// The same points and key give the same mixture, shared by all rows; its logits are ln π.
  ///
  /// - Parameters:
  ///   - points: [n, dimensions], n > 0.
  ///   - smallestVariance: of a component in any dimension; without it a component on a single point has an infinite likelihood.
  ///   - tolerance: nats a point by which an iteration must raise the likelihood for another to follow.
  package static func fitted(
    to points: Tensor, components: Int, smallestVariance: Double = 1e-6, iterations: Int = 200, tolerance: Double = 1e-5, key: RandomKey
  ) -> GaussianMixture {
    var state = ExpectationMaximisation(
      points, start: KMeans(points, clusters: components, key: key), smallestVariance: smallestVariance)
    var likelihood = -Double.infinity
    for _ in 0..<iterations {
      let before = likelihood
      likelihood = state.step()
      if likelihood - before < tolerance { break }
    }
    return state.mixture
  }

  /// This mixture, one that all rows share, after one iteration more on some points: [n, dimensions].
  package func refitted(to points: Tensor, smallestVariance: Double = 1e-6) -> GaussianMixture {
    var state = ExpectationMaximisation(points, start: self, smallestVariance: smallestVariance)
    _ = state.step()
    return state.mixture
  }
}

private struct ExpectationMaximisation {
  private let points: [Double]
  private let n: Int
  private let d: Int
  private let k: Int
  private let smallestVariance: Double
  private var logWeights: [Double]
  private var means: [Double]
  private var variances: [Double]

  init(_ tensor: Tensor, start: KMeans, smallestVariance: Double) {
    let points = tensor.scalars.map(Double.init)
    let (n, d, k) = (tensor.shape[0], tensor.shape[1], start.centres.shape[0])
    self.points = points
    (self.n, self.d, self.k) = (n, d, k)
    self.smallestVariance = smallestVariance
    logWeights = [Double](repeating: 0, count: k)
    means = start.centres.scalars.map(Double.init)
    // A cluster without points begins as wide as all of them together.
    let centre = (0..<d).map { j in (0..<n).reduce(0.0) { $0 + points[$1 * d + j] } / Double(n) }
    let spread = (0..<d).map { j in (0..<n).reduce(0.0) { $0 + pow(points[$1 * d + j] - centre[j], 2) } / Double(n) }
    variances = (0..<k).flatMap { _ in spread.map { max($0, smallestVariance) } }
    var sums = Sums(k: k, d: d)
    for point in 0..<n { sums.add(1, of: start.assignments[point], points, point, means) }
    maximise(sums)
  }

  init(_ tensor: Tensor, start: GaussianMixture, smallestVariance: Double) {
    points = tensor.scalars.map(Double.init)
    (n, d, k) = (tensor.shape[0], tensor.shape[1], start.logits.count)
    self.smallestVariance = smallestVariance
    logWeights = start.logits.logSoftmax().scalars.map(Double.init)
    means = start.means.scalars.map(Double.init)
    variances = start.deviations.scalars.map { max(Double($0) * Double($0), smallestVariance) }
  }

  /// One iteration; the mean log-likelihood of a point before it, in nats.
  mutating func step() -> Double {
    var sums = Sums(k: k, d: d)
    var total = 0.0
    var joint = [Double](repeating: 0, count: k)
    // ln π_k - Σ_j ln s_kj - d ½ ln 2π
    let constants = (0..<k).map { component in
      (0..<d).reduce(logWeights[component] - Double(d) * 0.5 * log(2 * Double.pi)) { $0 - 0.5 * log(variances[component * d + $1]) }
    }
    let precisions = variances.map { 1 / $0 }
    for point in 0..<n {
      var largest = -Double.infinity
      for component in 0..<k {
        var value = constants[component]
        for j in 0..<d {
          let difference = points[point * d + j] - means[component * d + j]
          value -= 0.5 * difference * difference * precisions[component * d + j]
        }
        joint[component] = value
        largest = max(largest, value)
      }
      let logSum = largest + log(joint.reduce(0) { $0 + exp($1 - largest) })
      total += logSum
      for component in 0..<k {
        // r = p(k | x); what is lost below 1e-12 moves no parameter.
        let responsibility = exp(joint[component] - logSum)
        if responsibility > 1e-12 { sums.add(responsibility, of: component, points, point, means) }
      }
    }
    maximise(sums)
    return total / Double(n)
  }

  /// Σ r, Σ r (x - μ) and Σ r (x - μ)² about the means before the step, so that nothing cancels.
  private struct Sums {
    let d: Int
    var counts: [Double]
    var shifts: [Double]
    var squares: [Double]

    init(k: Int, d: Int) {
      self.d = d
      counts = [Double](repeating: 0, count: k)
      shifts = [Double](repeating: 0, count: k * d)
      squares = shifts
    }

    mutating func add(_ weight: Double, of component: Int, _ points: [Double], _ point: Int, _ means: [Double]) {
      counts[component] += weight
      for j in 0..<d {
        let value = points[point * d + j] - means[component * d + j]
        shifts[component * d + j] += weight * value
        squares[component * d + j] += weight * value * value
      }
    }
  }

  private mutating func maximise(_ sums: Sums) {
    // A component that explains no point stays where it is, with the weight of a hundredth of one.
    let counts = sums.counts.map { max($0, 0.01) }
    let total = counts.reduce(0, +)
    for component in 0..<k {
      logWeights[component] = log(counts[component] / total)
      guard sums.counts[component] > 1e-6 else { continue }
      for j in 0..<d {
        let place = component * d + j
        let shift = sums.shifts[place] / sums.counts[component]
        means[place] += shift
        variances[place] = max(sums.squares[place] / sums.counts[component] - shift * shift, smallestVariance)
      }
    }
  }

  var mixture: GaussianMixture {
    GaussianMixture(
      logits: Tensor(shape: [1, k], scalars: logWeights.map { Float($0) }), means: Tensor(shape: [1, k, d], scalars: means.map { Float($0) }),
      deviations: Tensor(shape: [1, k, d], scalars: variances.map { Float($0.squareRoot()) }))
  }
}
