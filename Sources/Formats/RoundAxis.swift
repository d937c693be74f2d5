internal import Foundation

/// The range of an axis of a plot, with round numbers to mark it.
package struct RoundAxis: Sendable, Equatable {
  package let low: Double
  package let high: Double
  package let step: Double

  /// An axis on which all the values lie, of about five steps.
  package init(_ values: [Double]) {
    let (smallest, largest) = (values.min() ?? 0, values.max() ?? 1)
    let span = largest > smallest ? largest - smallest : max(abs(largest), 1)
    let rough = span / 5
    let power = pow(10, floor(log10(rough)))
    step = [1, 2, 5, 10].first { $0 * power >= rough }.map { $0 * power } ?? rough
    low = floor(smallest / step) * step
    high = max(ceil(largest / step), floor(smallest / step) + 1) * step
  }

  package var ticks: [Double] { (0...Int(((high - low) / step).rounded())).map { low + Double($0) * step } }

  /// Where a value lies, 0 at the low end and 1 at the high one.
  package func part(_ value: Double) -> Double { (value - low) / (high - low) }

  /// As many digits as the step needs.
  package func label(_ value: Double) -> String {
    let digits = max(0, Int(ceil(-log10(step) - 1e-9)))
    if digits > 5 || abs(high) >= 1e6 { return String(format: "%.1e", value) }
    return String(format: "%.\(digits)f", abs(value) < step / 2 ? 0 : value)
  }
}
