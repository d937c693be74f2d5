import Foundation

/// Measurements of the same thing, round by round.
extension [Double] {
  /// The middle of the sorted numbers.
  var median: Double { sorted()[count / 2] }

  /// The median, with the smallest and the largest.
  var spread: String {
    let sorted = sorted()
    return String(format: "%.2f (%.2f to %.2f)", median, sorted[0], sorted[count - 1])
  }
}
