package import Distributions
internal import Foundation
package import Tensors

/// A prior and a form of posterior between which every KL is at least some number δ, so that no decoder can do without the code (Razavi et al. 2019).
///
/// A code is a sequence of steps of `latent` dimensions each, step by step.
package enum CommittedCode: Sendable, Hashable {
  /// p(z) = N(0, I), any q: nothing is committed.
  case standard(latent: Int)
  /// p(z_1) = N(0, I), z_t = α z_t-1 + √(1-α²) ε; q independent over the steps. What q can't say of how the steps hang together is δ.
  case ar1(latent: Int, steps: Int, correlation: Double)
  /// p(z) = N(0, I), and q's mean so far from 0 that its KL is at least δ in every dimension.
  case constrained(latent: Int, delta: Double)

  package var latent: Int {
    switch self {
    case .standard(let latent), .ar1(let latent, _, _), .constrained(let latent, _): latent
    }
  }

  package var steps: Int { if case .ar1(_, let steps, _) = self { steps } else { 1 } }

  /// Numbers of z.
  package var width: Int { steps * latent }

  /// δ, the least KL(q ‖ p) of all that q can be, in nats.
  package var committedNats: Double {
    switch self {
    case .standard: 0
    // ½ [(n - 2) ln(1 + α²) - ln(1 - α²)] a dimension.
    case .ar1(let latent, let steps, let a): Double(latent) * 0.5 * (Double(steps - 2) * log1p(a * a) - log1p(-a * a))
    case .constrained(let latent, let delta): Double(latent) * delta
    }
  }
}

// MARK: - The posterior

extension CommittedCode {
  /// Bounds of ln s, and of ln s beside its cheapest, so that nothing overflows.
  private static let widest: Float = 7

  /// q(z|x) from two heads, neither of which is bounded: [n, width] each.
  ///
  ///     standard      μ = m                          ln s = h
  ///     ar1           μ = m                          ln s = ln s* + h, s* being where the KL is least: heads of 0 cost δ
  ///     constrained   μ = m ± √(2δ + 1 + ln s² - s²)   ln s = h, the sign that of m; without the root where its argument is below 0
  ///
  /// A q whose argument is below 0 costs δ or more by its deviation alone, so all that cost δ can be said, and nothing else.
  package func posterior(mean m: Tensor, scale h: Tensor) -> Normal {
    let h = h.clamped(low: -Self.widest, high: Self.widest)
    switch self {
    case .standard: return Normal(mean: m, logDeviation: h)
    case .ar1: return Normal(mean: m, logDeviation: h + cheapestLogDeviations)
    case .constrained(_, let delta):
      let signs = Tensor(shape: m.shape, scalars: m.scalars.map { $0 < 0 ? -1 : 1 })
      return Normal(mean: m + signs * Self.distance(logDeviation: h, delta: delta), logDeviation: h)
    }
  }

  /// √max(0, 2δ + 1 + ln s² - s²), the least |μ| of a Gaussian whose KL from N(0, 1) is δ or more.
  static func distance(logDeviation: Tensor, delta: Double) -> Tensor {
    let twice = logDeviation * 2
    return (twice - twice.exp() + Float(2 * delta + 1)).relu().squareRoot()
  }

  /// ln s* of every step: s*² = 1 - α² at both ends, and (1 - α²) / (1 + α²) between: [1, width].
  private var cheapestLogDeviations: Tensor {
    guard case .ar1(let latent, let steps, let a) = self else { return .zeros([1, width]) }
    let (end, inner) = (0.5 * log1p(-a * a), 0.5 * (log1p(-a * a) - log1p(a * a)))
    return Tensor(
      shape: [1, width], scalars: (0..<steps).flatMap { [Float](repeating: Float($0 == 0 || $0 == steps - 1 ? end : inner), count: latent) })
  }

  /// KL(q ‖ p) of every number of the code, each step's given the one before it: [n, width].
  ///
  /// With r = ln s/s* it is δ/n + ½ (e^2r - 1 - 2r) + ½ (μ_t - α μ_t-1)² / (1 - α²), the last part ½ μ_1² at the first step: nothing is subtracted from
  /// large numbers, and the sum is δ where both parts are 0. Of one step, ½ (s² + μ² - 1) - ln s.
  package func costs(_ q: Normal) -> Tensor {
    guard case .ar1 = self else { return q.standardKL }
    return excess(q) + Float(committedNats / Double(width))
  }

  /// KL(q ‖ p): [n].
  package func divergence(_ q: Normal) -> Tensor {
    guard case .ar1 = self else { return q.standardKL.rowSums() }
    return excess(q).rowSums() + Float(committedNats)
  }

  /// What q costs above δ / n: [n, width].
  private func excess(_ q: Normal) -> Tensor {
    let r = (q.logDeviation - cheapestLogDeviations) * 2
    let spread = ((r.exp() - r).affine(scale: 0.5, shift: -0.5)).relu()
    return spread + innovations(q.mean).squared() * 0.5
  }
}

// MARK: - The prior

extension CommittedCode {
  /// z_1, and (z_t - α z_t-1) / √(1 - α²): independent N(0, 1) under the prior; [n, width] both ways.
  private func innovations(_ z: Tensor) -> Tensor {
    guard case .ar1(let latent, _, let a) = self else { return z }
    let (before, after) = (z.slice(1, 0..<width - latent), z.slice(1, latent..<width))
    let moves = (after - before * Float(a)) * Float(1 / (1 - a * a).squareRoot())
    return Tensor.concatenated([z.slice(1, 0..<latent), moves], axis: 1)
  }

  /// ln p(z): [n].
  package func logProbability(of z: Tensor) -> Tensor {
    let independent = Normal.standard(rows: z.shape[0], dimensions: width).logProbability(of: innovations(z))
    guard case .ar1(let latent, let steps, let a) = self else { return independent }
    // Every step but the first is √(1 - α²) times its innovation.
    return independent - Float(0.5 * Double(latent * (steps - 1)) * log1p(-a * a))
  }

  /// z from N(0, 1) a number: [n, width].
  package func sample(noise: Tensor) -> Tensor {
    guard case .ar1(_, _, let a) = self else { return noise }
    let deviation = Float((1 - a * a).squareRoot())
    let parts = noise.split(1, into: steps)
    var z = [parts[0]]
    for move in parts.dropFirst() { z.append(z[z.count - 1] * Float(a) + move * deviation) }
    return Tensor.concatenated(z, axis: 1)
  }
}
