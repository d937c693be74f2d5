internal import Foundation
internal import Tensors

/// How a combination's beliefs of every column are stretched about their mean, so that 50 % and 90 % intervals hold as many of the hidden cells as
/// their names say.
///
/// A column's stretch is the one of its own cells, drawn towards that of all columns where they are few. A column that no factor mends, such as one that
/// often has the same value, has that of the others.
struct StretchSearch {
  let weights: [Double]

  /// Fewer cells in all say nothing.
  private static let fewCells = 50
  /// Cells' worth of all columns' factor and bend.
  private static let factorWeight = 100.0
  private static let bendWeight = 300.0
  private static let factors = (0.4, 2.5)
  private static let largestBend = 1.0

  /// One hidden cell: how far the truth is from what is believed, in coordinates, and the quantiles of these distances before the stretch.
  struct Cell {
    /// A coordinate.
    let truth: Double
    let distance: Double
    let scale: Double
    /// At 5, 25, 75 and 95 %.
    let quantiles: [Double]
  }

  /// Where so many cells have one value, whether an interval holds it or not decides on all of them at once.
  private static let commonShare = 0.3

  /// The cells of a column that were kept for this.
  func cells(_ column: StackingTrial.Column, _ coordinates: MixtureCoordinates.Column) -> [Cell] {
    guard case .number(_, _, let unit) = coordinates, !unit.isWhole, column.deviation > 0 else { return [] }
    var cells = [Cell?](repeating: nil, count: column.sampled.count)
    cells.withUnsafeMutableBufferPointer { cells in
      guard let cells = cells.baseAddress else { return }
      Parallelism.performParts(column.sampled.count, cost: 100_000) { start, length in
        for place in start..<start + length {
          let parts = weights.indices.filter { weights[$0] > 0 }.flatMap { member in
            column.beliefs[member][place].map { (weights[member] / Double(column.beliefs[member][place].count), $0) }
          }
          let pool = PooledBeliefs(parts, unit, Stretch(), rows: 1) { _ in true }
          let centre = pool.centres[0]
          let truth = column.truths[column.sampled[place]]
          cells[place] = Cell(
            truth: truth, distance: truth - centre, scale: pool.scales[0],
            quantiles: [0.05, 0.25, 0.75, 0.95].map { pool.coordinate(0, $0) - centre })
        }
      }
    }
    return cells.compactMap { $0 }
  }

  /// One a column.
  func stretches(_ columns: [[Cell]]) -> [Stretch] {
    let own = columns.map { $0.isEmpty || Self.isLumpy($0) ? nil : Self.stretch($0) }
    let told = zip(columns, own).flatMap { $1 == nil ? [] : $0 }
    guard told.count >= Self.fewCells, let common = Self.stretch(told) else { return columns.map { _ in Stretch() } }
    return zip(columns, own).map { cells, own in
      guard let own else { return common }
      let count = Double(cells.count)
      // A bend and its factor belong together.
      let bend = (count * own.bend + Self.bendWeight * common.bend) / (count + Self.bendWeight)
      let (mine, others) = (Self.factor(cells, bend: bend) ?? own.factor, Self.factor(told, bend: bend) ?? common.factor)
      return Stretch(factor: exp((count * log(mine) + Self.factorWeight * log(others)) / (count + Self.factorWeight)), bend: bend)
    }
  }

  private static func isLumpy(_ cells: [Cell]) -> Bool {
    let commonest = Dictionary(grouping: cells, by: \.truth).values.map(\.count).max() ?? 0
    return Double(commonest) > commonShare * Double(cells.count) && commonest > 2
  }

  /// The bend at which the 90 % intervals hold as many too many as the 50 % intervals do: they hold more of the former the more it bends.
  private static func stretch(_ cells: [Cell]) -> Stretch? {
    guard let plain = factor(cells, bend: 0) else { return nil }
    var best = Stretch(factor: plain)
    guard surplus(cells, best).outer < 0 else { return best }
    var (low, high) = (0.0, largestBend)
    for _ in 0..<7 {
      let middle = 0.5 * (low + high)
      guard let factor = factor(cells, bend: middle) else { break }
      best = Stretch(factor: factor, bend: middle)
      if surplus(cells, best).outer < 0 { low = middle } else { high = middle }
    }
    return best
  }

  /// Where the intervals hold, taken together, as many cells as they should: they hold more the wider they are. Nil if that is nowhere.
  private static func factor(_ cells: [Cell], bend: Double) -> Double? {
    func excess(_ logFactor: Double) -> Double {
      let (inner, outer) = surplus(cells, Stretch(factor: exp(logFactor), bend: bend))
      return inner + outer
    }
    var (low, high) = (log(factors.0), log(factors.1))
    guard excess(low) <= 0, excess(high) >= 0 else { return nil }
    for _ in 0..<12 {
      let middle = 0.5 * (low + high)
      if excess(middle) > 0 { high = middle } else { low = middle }
    }
    return exp(0.5 * (low + high))
  }

  /// By how many cells more than their names say the 50 % and the 90 % intervals hold.
  private static func surplus(_ cells: [Cell], _ stretch: Stretch) -> (inner: Double, outer: Double) {
    var (inner, outer) = (0, 0)
    for cell in cells {
      let near = stretch.near(cell.distance, cell.scale)
      if cell.quantiles[1] <= near && near <= cell.quantiles[2] { inner += 1 }
      if cell.quantiles[0] <= near && near <= cell.quantiles[3] { outer += 1 }
    }
    return (Double(inner) - 0.5 * Double(cells.count), Double(outer) - 0.9 * Double(cells.count))
  }
}
