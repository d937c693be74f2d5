/// How the size of a perturbation is measured.
package enum Norm: String, Sendable, Hashable, Codable, CaseIterable {
  /// The largest change of a number.
  case linf
  /// The Euclidean length.
  case l2
  /// The sum of all changes.
  case l1

  package func callAsFunction(_ d: [Double]) -> Double {
    switch self {
    case .linf: d.reduce(0) { max($0, abs($1)) }
    case .l2: d.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .l1: d.reduce(0) { $0 + abs($1) }
    }
  }

  /// The step of length 1 along which a function of this gradient rises fastest; zero where the gradient is.
  ///
  /// Of l1 it is spread evenly over the largest twentieth of the gradient, since one number alone soon meets the box (Tramèr and Boneh 2019, section 4.1).
  package func steepest(_ gradient: [Float]) -> [Double] {
    switch self {
    case .linf: return gradient.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case .l2:
      let length = self(gradient.map(Double.init))
      return length > 0 ? gradient.map { Double($0) / length } : gradient.map { _ in 0 }
    case .l1:
      let count = max(1, gradient.count / 20)
      let sizes = gradient.map(abs)
      let bound = sizes.sorted(by: >)[count - 1]
      guard bound > 0 || sizes.contains(where: { $0 > 0 }) else { return gradient.map { _ in 0 } }
      let chosen = sizes.map { $0 > 0 && $0 >= bound }
      let share = 1 / Double(chosen.count(where: { $0 }))
      return zip(gradient, chosen).map { $1 ? ($0 > 0 ? share : -share) : 0 }
    }
  }
}
