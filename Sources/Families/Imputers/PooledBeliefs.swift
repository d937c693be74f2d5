internal import Foundation
internal import Tensors

/// Beliefs of several models about one column's numbers as one distribution: each is moved and scaled to the weighted mean and variance of all, its
/// distances from there are stretched, and these are mixed by their weights. So the place and the width are the same whichever model a draw is of.
///
/// A plain mixture of distributions that are right by themselves is too wide (Gneiting and Ranjan 2013): it has the members' variances and the spread
/// of their means on top, while the weighted mean is nearer to the truth than the members are. With m_i, σ_i and F_i the mean, the deviation and the
/// distribution of member i, M = Σ w_i m_i, σ² = Σ w_i σ_i² and g the stretch, this is F(x) = Σ w_i F_i(m_i + g⁻¹(x - M) σ_i / σ), in coordinates of
/// the unit. Whole numbers, whose probabilities can't be moved, are mixed as they are.
struct PooledBeliefs: Sendable {
  struct Part: Sendable {
    let weight: Double
    let belief: CellBeliefs.Column
    /// The mean and the deviation as they are told, and as coordinates, where a cell is asked for: [n].
    let means: [Double]
    let deviations: [Double]
    let centres: [Double]
    let scales: [Double]
  }

  /// Weights sum to 1.
  let parts: [Part]
  let unit: MixtureCoordinates.Unit
  let stretch: Stretch
  /// The weighted mean, as it is told, and its coordinate: [n].
  let means: [Double]
  let centres: [Double]
  /// The deviation within parts, as a coordinate: [n].
  let scales: [Double]

  /// Whether values move at all.
  var isMoved: Bool { !unit.isWhole }

  /// - Parameter asked: whether a row's cell is wanted; nothing is computed of others.
  init(_ beliefs: [(weight: Double, CellBeliefs.Column)], _ unit: MixtureCoordinates.Unit, _ stretch: Stretch, rows n: Int, asked: (Int) -> Bool) {
    let wanted = (0..<n).filter(asked)
    parts = beliefs.map { weight, belief in
      var (means, deviations) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
      for row in wanted { (means[row], deviations[row]) = belief.moments(row) }
      return Part(
        weight: weight, belief: belief, means: means, deviations: deviations, centres: means.map { unit.coordinate(told: $0) },
        scales: zip(means, deviations).map { unit.coordinateDeviation(told: $1, at: $0) })
    }
    (self.unit, self.stretch) = (unit, stretch)
    var (means, scales) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    for row in wanted {
      means[row] = parts.reduce(0) { $0 + $1.weight * $1.means[row] }
      scales[row] = unit.coordinateDeviation(told: Self.within(parts, row), at: means[row])
    }
    (self.means, centres, self.scales) = (means, means.map { unit.coordinate(told: $0) }, scales)
  }

  /// The root of the parts' mean variance, as it is told.
  private static func within(_ parts: [Part], _ row: Int) -> Double {
    parts.reduce(0) { $0 + $1.weight * $1.deviations[row] * $1.deviations[row] }.squareRoot()
  }

  /// The mean before the stretch; the deviation is that of normal parts, and of a number that is no real one right to the first order.
  func moments(_ row: Int) -> (mean: Double, deviation: Double) {
    let within = Self.within(parts, row)
    guard !isMoved else { return (means[row], stretch.deviation * within) }
    let between = parts.reduce(0) { $0 + $1.weight * ($1.means[row] - means[row]) * ($1.means[row] - means[row]) }
    return (means[row], (within * within + between).squareRoot())
  }

  /// How much wider than all together a part is; what is sure of itself is left at that.
  private func width(of part: Int, _ row: Int) -> Double {
    let (own, common) = (parts[part].scales[row], scales[row])
    return own > 0 && common > 0 ? own / common : 1
  }

  /// Where a value that a part believes in goes.
  func moved(_ coordinate: Double, of part: Int, _ row: Int) -> Double {
    guard isMoved else { return coordinate }
    return centres[row] + stretch.far((coordinate - parts[part].centres[row]) / width(of: part, row), scales[row])
  }

  /// What a part has to say of a value.
  func taken(_ coordinate: Double, by part: Int, _ row: Int) -> Double {
    guard isMoved else { return coordinate }
    return parts[part].centres[row] + width(of: part, row) * stretch.near(coordinate - centres[row], scales[row])
  }

  func moved(_ value: Float, of part: Int, _ row: Int) -> Float {
    isMoved ? Float(moved(Double(value), of: part, row)) : value
  }

  func taken(_ value: Float, by part: Int, _ row: Int) -> Float {
    isMoved ? Float(taken(Double(value), by: part, row)) : value
  }

  /// ln |d taken / d value|
  func logSlope(_ value: Float, of part: Int, _ row: Int) -> Double {
    log(width(of: part, row)) - stretch.logSlope(stretch.near(Double(value) - centres[row], scales[row]), scales[row])
  }

  /// P(value <= coordinate)
  func below(_ row: Int, _ coordinate: Double) -> Double {
    var sum = 0.0
    for (place, part) in parts.enumerated() where part.weight > 0 {
      sum += part.weight * part.belief.below(row, taken(coordinate, by: place, row), unit)
    }
    return sum
  }

  /// The quantile, between the least and the largest of the parts' own, by false position (the Illinois rule).
  func coordinate(_ row: Int, _ p: Double) -> Double {
    let own = parts.indices.filter { parts[$0].weight > 0 }.map { moved(parts[$0].belief.coordinate(row, p, unit), of: $0, row) }
    guard var low = own.min(), var high = own.max(), own.count > 1 else { return own.first ?? 0 }
    var (under, over) = (below(row, low) - p, below(row, high) - p)
    guard under < 0, over > 0 else { return under >= 0 ? low : high }
    let tolerance = 1e-7 * (high - low)
    var side = 0
    for _ in 0..<60 where high - low > tolerance {
      let middle = (low * over - high * under) / (over - under)
      let found = below(row, middle) - p
      if abs(found) < 1e-8 { return middle }
      if found < 0 {
        (low, under) = (middle, found)
        if side < 0 { over *= 0.5 }
        side = -1
      } else {
        (high, over) = (middle, found)
        if side > 0 { under *= 0.5 }
        side = 1
      }
    }
    return 0.5 * (low + high)
  }
}
