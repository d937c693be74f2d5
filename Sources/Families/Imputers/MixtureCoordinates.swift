internal import Foundation
internal import Modelling
internal import Tensors

/// How the cells of a row are coordinates of a mixture: a number is one, one of several categories is a one-hot vector.
///
/// A real or positive cell is its model value, a count (ln(1 + x) - offset) / scale.
struct MixtureCoordinates: Sendable {
  enum Unit: Sendable {
    /// Model units.
    case real
    /// raw = exp(offset + scale · coordinate)
    case positive(offset: Double, scale: Double)
    /// raw = exp(offset + scale · coordinate) - 1, a whole number
    case count(offset: Double, scale: Double)
  }

  enum Column: Sendable {
    /// Its coordinate, and its number among the numbers.
    case number(Int, number: Int, Unit)
    case categories(Range<Int>, isOrdered: Bool)
  }

  let columns: [Column]
  /// Coordinates a row.
  let width: Int
  /// The coordinates of numbers, in the order of the columns.
  let numbers: [Int]
  /// Whether a coordinate is a number: [width]
  let isNumber: [Bool]

  /// Up to so many coordinates a full covariance can be learnt of from as many rows as tables have.
  static let wide = 60
  var isWide: Bool { width > Self.wide }

  init(_ signature: Signature) {
    var (columns, numbers, width): ([Column], [Int], Int) = ([], [], 0)
    for index in 0..<signature.width {
      let (offset, scale) = signature.space.scaling(at: index)
      func number(_ unit: Unit) {
        columns.append(.number(width, number: numbers.count, unit))
        numbers.append(width)
        width += 1
      }
      func categories(isOrdered: Bool) {
        let count = signature.space.categories(at: index)?.count ?? 1
        columns.append(.categories(width..<width + count, isOrdered: isOrdered))
        width += count
      }
      switch signature.space.type(at: index) {
      case .real, .whole, .date: number(.real)
      case .positive: number(.positive(offset: Double(offset), scale: Double(scale)))
      case .count: number(.count(offset: Double(offset), scale: Double(scale)))
      case .ordinal: categories(isOrdered: true)
      case .categorical, .binary: categories(isOrdered: false)
      }
    }
    (self.columns, self.numbers, self.width) = (columns, numbers, width)
    isNumber = (0..<width).map(Set(numbers).contains)
  }

  /// Coordinates of every row, NaN where a cell is missing; x: [n, columns] in model units -> n · width.
  func coordinates(of x: Tensor) -> [Double] {
    let (n, width, count) = (x.shape[0], width, columns.count)
    var values = [Double](repeating: 0, count: n * width)
    values.withUnsafeMutableBufferPointer { values in
      x.withScalars { x in
        for row in 0..<n {
          for (index, column) in columns.enumerated() {
            let (cell, start) = (x[row * count + index], row * width)
            switch column {
            case .number(let place, _, let unit): values[start + place] = unit.coordinate(of: cell)
            case .categories(let range, _):
              for place in range { values[start + place] = cell.isNaN ? .nan : 0 }
              if !cell.isNaN { values[start + range.lowerBound + Int(cell)] = 1 }
            }
          }
        }
      }
    }
    return values
  }
}

extension MixtureCoordinates.Unit {
  func coordinate(of cell: Float) -> Double {
    switch self {
    case .real, .positive: Double(cell)
    case .count(let offset, let scale): (log1p(Double(cell)) - offset) / scale
    }
  }

  func coordinate(told value: Double) -> Double {
    switch self {
    case .real: value
    case .positive(let offset, let scale): (log(max(value, .leastNormalMagnitude)) - offset) / scale
    case .count(let offset, let scale): (log1p(max(value, 0)) - offset) / scale
    }
  }

  /// A deviation as a coordinate, to the first order.
  func coordinateDeviation(told deviation: Double, at mean: Double) -> Double {
    switch self {
    case .real: deviation
    case .positive(_, let scale): deviation / (max(mean, .leastNormalMagnitude) * scale)
    case .count(_, let scale): deviation / ((1 + max(mean, 0)) * scale)
    }
  }

  /// What marginals tell of: model units of a real number, raw units of the others, a count not rounded.
  func told(_ coordinate: Double) -> Double {
    switch self {
    case .real: coordinate
    case .positive(let offset, let scale): exp(min(offset + scale * coordinate, 88))
    case .count(let offset, let scale): min(max(expm1(min(offset + scale * coordinate, 88)), 0), Double(TableSpace.Column.largestCount))
    }
  }

  /// Model units of what marginals tell of.
  func model(told value: Double) -> Float {
    switch self {
    case .real, .count: Float(value)
    case .positive(let offset, let scale): Float((log(value) - offset) / scale)
    }
  }

  /// A value of the column: a whole number where it counts.
  func model(_ coordinate: Double) -> Float {
    switch self {
    case .real, .positive: Float(coordinate)
    case .count: Float(told(coordinate).rounded())
    }
  }

  /// ln |d coordinate / d raw| beside what the space's own volumes say of a real or positive cell.
  func logSlope(at cell: Float) -> Double {
    switch self {
    case .real, .positive: 0
    case .count(_, let scale): -log(scale) - log1p(Double(cell))
    }
  }

  var isReal: Bool { if case .real = self { true } else { false } }
  var isWhole: Bool { if case .count = self { true } else { false } }
}
