internal import CKernels
internal import Foundation
internal import Modelling
internal import Tensors

/// The sums over rows that the next parameters of a mixture follow from.
///
/// Of every component the count Σ r first; then under full covariance Σ r e [d] and Σ r (e e' + C) [d, d] with e = E[x | x_o] - μ; of independent
/// columns Σ r, Σ r e and Σ r e² over the rows in which a coordinate is known, of a category Σ r and Σ r x [d, 3]; of factors Σ r E[ẑ ẑ'], Σ r x
/// E[ẑ], Σ r x² and Σ r with ẑ = (z, 1) over the same rows [d, (q + 1)² + q + 3].
struct MixtureStatistics {
  let plan: Mixture.Plan
  /// Of every component.
  var sums: [[Double]]

  static func size(_ plan: Mixture.Plan) -> Int {
    let (d, q) = (plan.coordinates.width, plan.configuration.factors)
    return switch plan.configuration.kind {
    case .gaussian, .normalScores: 1 + d + d * d
    case .categorical: 1 + 3 * d
    case .factors: 1 + d * factorStride(q)
    }
  }

  static func factorStride(_ q: Int) -> Int { (q + 1) * (q + 1) + q + 3 }

  init(_ plan: Mixture.Plan) { self.init(plan, [Double](repeating: 0, count: Self.size(plan) * plan.configuration.components)) }

  init(_ plan: Mixture.Plan, _ values: [Double]) {
    self.plan = plan
    let size = Self.size(plan)
    sums = (0..<plan.configuration.components).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
  }

  /// The E-step of some rows; their Σ ln p(x_o).
  mutating func add(_ x: Tensor, _ mixture: Mixture) throws(Divergence) -> Double {
    if mixture.configuration.kind == .factors { return try addFactors(x, mixture) }
    let values = mixture.density.coordinates(of: x)
    return MixtureExpectation(mixture.density).add(values, RowStates(knownOf: x), to: &sums)
  }

  /// With M = I + Λ_o' D_o⁻¹ Λ_o and b = Λ_o' D_o⁻¹ (x_o - μ_o): E[z] = M⁻¹ b, Cov[z] = M⁻¹,
  /// ln N(x_o) = -½ (|o| ln 2π + ln |D_o| + ln |M| + Σ (x - μ)² / D - b' M⁻¹ b).
  private mutating func addFactors(_ x: Tensor, _ mixture: Mixture) throws(Divergence) -> Double {
    let (density, q) = (mixture.density, mixture.configuration.factors)
    let (d, p, stride) = (density.width, q + 1, Self.factorStride(q))
    let values = density.coordinates(of: x)
    let loadings = (mixture.network.loadings?.scalars ?? []).map { Double($0) }
    let variances = (mixture.network.logDeviations?.scalars ?? []).map { exp(2 * Double($0)) }
    var total = 0.0
    for row in 0..<x.shape[0] {
      let known = (0..<d).filter { !values[row * d + $0].isNaN }
      var (logs, moments) = ([Double](), [[Double]]())
      for (index, component) in density.components.enumerated() {
        let (lambda, psi) = (index * d * q, index * d)
        var (m, b) = ([Double](repeating: 0, count: q * q), [Double](repeating: 0, count: q))
        for a in 0..<q { m[a * q + a] = 1 }
        var sum = component.logWeight - 0.5 * Double(known.count) * log(2 * Double.pi)
        for place in known {
          let (error, variance) = (values[row * d + place] - component.mean[place], variances[psi + place])
          sum -= 0.5 * (log(variance) + error * error / variance)
          for a in 0..<q {
            let scaled = loadings[lambda + place * q + a] / variance
            b[a] += scaled * error
            for c in 0..<q { m[a * q + c] += scaled * loadings[lambda + place * q + c] }
          }
        }
        var (inverse, scratch) = ([Double](repeating: 0, count: q * q), [Double](repeating: 0, count: q * (q + 1)))
        guard kernel_lower_root(&m, q) == 1 else { throw Divergence() }
        kernel_lower_covariance(m, &inverse, &scratch, q)
        let z = (0..<q).map { a in (0..<q).reduce(0) { $0 + inverse[a * q + $1] * b[$1] } }
        sum += 0.5 * zip(z, b).reduce(0) { $0 + $1.0 * $1.1 } - (0..<q).reduce(0) { $0 + log(m[$1 * q + $1]) }
        logs.append(sum)
        // E[ẑ ẑ'] and E[ẑ], one behind the other.
        let full = z + [1]
        var moment = (0..<p * p).map { full[$0 / p] * full[$0 % p] }
        for a in 0..<q { for c in 0..<q { moment[a * p + c] += inverse[a * q + c] } }
        moments.append(moment + full)
      }
      let largest = logs.max() ?? 0
      let evidence = largest + log(logs.reduce(0) { $0 + exp($1 - largest) })
      total += evidence
      for index in logs.indices {
        let r = exp(logs[index] - evidence)
        guard r > 1e-12 else { continue }
        sums[index].withUnsafeMutableBufferPointer { sums in
          guard let sums = sums.baseAddress else { return }
          sums[0] += r
          for place in known {
            let (own, value) = (sums + 1 + place * stride, values[row * d + place])
            kernel_double_add(r, moments[index], own, p * p)
            for a in 0..<p { own[p * p + a] += r * value * moments[index][p * p + a] }
            own[p * p + p] += r * value * value
            own[p * p + p + 1] += r
          }
        }
      }
    }
    return total
  }
}
