internal import Foundation

/// How distances from a mean are stretched: g(d) = s σ sinh(t d / σ) / t, which is s d where t is 0 and gives heavier tails where it is more
/// (after the sinh-arcsinh distributions of Jones and Pewsey 2009); from three deviations σ on it is a straight line, so that nothing goes far off.
struct Stretch: Sendable, Equatable {
  /// s
  var factor = 1.0
  /// t, 0 or more
  var bend = 0.0

  private static let straight = 3.0
  /// A bend below this is none.
  private static let leastBend = 1e-4

  private func isPlain(_ scale: Double) -> Bool { bend < Self.leastBend || !(scale > 0) }

  /// g(d)
  func far(_ distance: Double, _ scale: Double) -> Double {
    guard !isPlain(scale) else { return factor * distance }
    let z = distance / scale
    let within = min(max(z, -Self.straight), Self.straight)
    return factor * scale * (sinh(bend * within) / bend + (z - within) * cosh(bend * Self.straight))
  }

  /// g⁻¹
  func near(_ distance: Double, _ scale: Double) -> Double {
    guard !isPlain(scale) else { return distance / factor }
    let (y, limit) = (distance / (factor * scale), sinh(bend * Self.straight) / bend)
    let within = min(max(y, -limit), limit)
    return scale * (asinh(bend * within) / bend + (y - within) / cosh(bend * Self.straight))
  }

  /// ln g'(d)
  func logSlope(_ distance: Double, _ scale: Double) -> Double {
    guard !isPlain(scale) else { return log(factor) }
    return log(factor * cosh(bend * min((distance / scale).magnitude, Self.straight)))
  }

  /// The deviation of g(d) over σ, if d is normal of deviation σ.
  var deviation: Double {
    guard bend >= Self.leastBend else { return factor }
    return factor * (expm1(2 * bend * bend) / (2 * bend * bend)).squareRoot()
  }
}
