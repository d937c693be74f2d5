/// In which units a number x has a normal distribution: (f(x) - offset) / scale.
package struct NumberUnits: Sendable, Equatable {
  /// f
  package enum Form: Sendable {
    case linear
    /// ln x, of numbers above 0.
    case logarithm
    /// ln (1 + x), of numbers from 0.
    case logarithmOfOneMore
  }

  package let form: Form
  package let offset: Double
  package let scale: Double

  package init(_ form: Form, offset: Double = 0, scale: Double = 1) throws(CodingError) {
    guard offset.isFinite, scale.isFinite, scale > 0 else {
      throw CodingError(.parameter, "units", given: "offset \(offset), scale \(scale)", expected: "finite numbers, the scale above 0")
    }
    self.init(form, offset, scale)
  }

  private init(_ form: Form, _ offset: Double, _ scale: Double) { (self.form, self.offset, self.scale) = (form, offset, scale) }

  /// Numbers as they are.
  package static let plain = NumberUnits(.linear, 0, 1)

  func contains(_ x: Double) -> Bool {
    switch form {
    case .linear: x.isFinite
    case .logarithm: x.isFinite && x >= .leastNormalMagnitude
    case .logarithmOfOneMore: x.isFinite && x >= 0
    }
  }

  func value(of x: Double) -> Double {
    switch form {
    case .linear: (x - offset) / scale
    case .logarithm: (Exponential.log(x) - offset) / scale
    case .logarithmOfOneMore: (Exponential.log(1 + x) - offset) / scale
    }
  }

  /// About the inverse of `value`; for guesses.
  func number(of value: Double) -> Double {
    let y = offset + scale * value
    func power() -> Double { y <= 0 ? Exponential.exp(y) : 1 / Exponential.exp(-y) }
    return switch form {
    case .linear: y
    case .logarithm: power()
    case .logarithmOfOneMore: power() - 1
    }
  }

  /// The mean and deviation of ln (1 + x) of counts x with a negative binomial distribution, as if 1 + x were log-normal of the same moments.
  /// - Parameter dispersion: r in variance = mean + mean^2 / r.
  package static func logarithm(countMean m: Double, dispersion r: Double) throws(CodingError) -> (mean: Double, deviation: Double) {
    guard m.isFinite, m > 0, r.isFinite, r > 0 else {
      throw CodingError(.parameter, "mean", given: "\(m), dispersion \(r)", expected: "finite numbers above 0")
    }
    let spread = Exponential.log(1 + (m + m * m / r) / ((1 + m) * (1 + m)))
    return (Exponential.log(1 + m) - spread / 2, max(spread, 0x1p-40).squareRoot())
  }
}
