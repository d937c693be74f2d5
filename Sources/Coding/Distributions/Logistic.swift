/// The standard logistic distribution, with the same bits on every processor.
enum Logistic {
  /// 1 / (1 + e^-z) for z on the grid; never falls.
  @inline(__always)
  static func cdf(_ z: Double) -> Double {
    let z = onGrid(z, limit: 64)
    let e = Exponential.exp(z < 0 ? z : -z)
    return (z < 0 ? e : 1) / (1 + e)
  }

  /// The z with P(X <= z) = p, 0 < p < 1.
  static func quantile(_ p: Double) -> Double { Exponential.log(p / (1 - p)) }
}
