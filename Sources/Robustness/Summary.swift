internal import Foundation

/// What is said of several numbers at once.
package struct Summary: Sendable, Hashable {
  package let count: Int
  package let mean: Double
  /// s / √n with Bessel's correction; NaN for fewer than two numbers.
  package let standardError: Double
  /// The smallest, the quartiles and the largest, by linear interpolation between order statistics.
  package let quantiles: [Double]

  package static let quantileNames = ["min", "q25", "median", "q75", "max"]

  /// Values that are not numbers (NaN) are left out.
  package init(_ values: [Double]) {
    let sorted = values.filter { !$0.isNaN }.sorted()
    count = sorted.count
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    self.mean = mean
    standardError =
      sorted.count > 1
      ? (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sorted.count - 1) / Double(sorted.count)).squareRoot() : .nan
    quantiles = [0, 0.25, 0.5, 0.75, 1].map { q in
      guard let last = sorted.last else { return .nan }
      let place = q * Double(sorted.count - 1)
      let below = Int(place)
      return below + 1 < sorted.count ? sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below]) : last
    }
  }
}

/// The area under straight lines between points of rising x, divided by the range of x: a mean height.
package func meanHeight(_ points: [(x: Double, y: Double)]) -> Double {
  guard let first = points.first, let last = points.last, last.x > first.x else { return points.first?.y ?? .nan }
  return zip(points, points.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.0.y + $1.1.y) / 2 } / (last.x - first.x)
}
