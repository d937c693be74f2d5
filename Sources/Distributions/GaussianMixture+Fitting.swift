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
  ///   - isFull: whether coordinates of a component go together.
  package static func fitted(
    to points: Tensor, components: Int, isFull: Bool = false, smallestVariance: Double = 1e-6, iterations: Int = 200, tolerance: Double = 1e-5,
    key: RandomKey
  ) -> GaussianMixture {
    var state = ExpectationMaximisation(
      points, start: KMeans(points, clusters: components, key: key), isFull: isFull, smallestVariance: smallestVariance)
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
  /// With regressions those of what is left of each coordinate.
  private var variances: [Double]
  /// B of full covariances: [k, d, d], strictly lower triangular; empty for diagonal ones.
  private var regressions: [Double]

  init(_ tensor: Tensor, start: KMeans, isFull: Bool, smallestVariance: Double) {
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
    regressions = [Double](repeating: 0, count: isFull ? k * d * d : 0)
    var sums = Sums(k: k, d: d, isFull: isFull)
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
    regressions = start.regressions?.scalars.map(Double.init) ?? []
  }

  private var isFull: Bool { !regressions.isEmpty }

  /// One iteration; the mean log-likelihood of a point before it, in nats.
  mutating func step() -> Double {
    var sums = Sums(k: k, d: d, isFull: isFull)
    var total = 0.0
    var joint = [Double](repeating: 0, count: k)
    var differences = [Double](repeating: 0, count: d)
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
          differences[j] = points[point * d + j] - means[component * d + j]
          var left = differences[j]
          if isFull { for i in 0..<j { left -= regressions[(component * d + j) * d + i] * differences[i] } }
          value -= 0.5 * left * left * precisions[component * d + j]
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
    /// Σ r (x - μ)_j (x - μ)_i of i < j, for full covariances: [k, d, d].
    var products: [Double]

    init(k: Int, d: Int, isFull: Bool) {
      self.d = d
      counts = [Double](repeating: 0, count: k)
      shifts = [Double](repeating: 0, count: k * d)
      squares = shifts
      products = [Double](repeating: 0, count: isFull ? k * d * d : 0)
    }

    mutating func add(_ weight: Double, of component: Int, _ points: [Double], _ point: Int, _ means: [Double]) {
      counts[component] += weight
      for j in 0..<d {
        let value = points[point * d + j] - means[component * d + j]
        shifts[component * d + j] += weight * value
        squares[component * d + j] += weight * value * value
        guard !products.isEmpty else { continue }
        for i in 0..<j {
          products[(component * d + j) * d + i] += weight * value * (points[point * d + i] - means[component * d + i])
        }
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
      if isFull { regress(component, sums) }
      for j in 0..<d {
        let place = component * d + j
        let shift = sums.shifts[place] / sums.counts[component]
        means[place] += shift
        if !isFull { variances[place] = max(sums.squares[place] / sums.counts[component] - shift * shift, smallestVariance) }
      }
    }
  }

  /// The covariance of a component's points as L D Lᵀ, of which D are the variances and I - L⁻¹ the regressions.
  private mutating func regress(_ component: Int, _ sums: Sums) {
    let count = sums.counts[component]
    var lower = [Double](repeating: 0, count: d * d)
    for j in 0..<d {
      let place = component * d + j
      for i in 0..<j {
        let covariance = sums.products[place * d + i] / count - sums.shifts[place] / count * (sums.shifts[component * d + i] / count)
        let known = (0..<i).reduce(0.0) { $0 + lower[j * d + $1] * lower[i * d + $1] * variances[component * d + $1] }
        lower[j * d + i] = (covariance - known) / variances[component * d + i]
      }
      let shift = sums.shifts[place] / count
      let known = (0..<j).reduce(0.0) { $0 + lower[j * d + $1] * lower[j * d + $1] * variances[component * d + $1] }
      variances[place] = max(sums.squares[place] / count - shift * shift - known, smallestVariance)
      // L⁻¹ = I - B and L L⁻¹ = I: B_ji = L_ji - Σ_i<m<j L_jm B_mi
      for i in 0..<j {
        regressions[place * d + i] =
          lower[j * d + i] - (i + 1..<max(j, i + 1)).reduce(0.0) { $0 + lower[j * d + $1] * regressions[(component * d + $1) * d + i] }
      }
    }
  }

  var mixture: GaussianMixture {
    GaussianMixture(
      logits: Tensor(shape: [1, k], scalars: logWeights.map { Float($0) }), means: Tensor(shape: [1, k, d], scalars: means.map { Float($0) }),
      deviations: Tensor(shape: [1, k, d], scalars: variances.map { Float($0.squareRoot()) }),
      regressions: isFull ? Tensor(shape: [1, k, d, d], scalars: regressions.map { Float($0) }) : nil)
  }
}
