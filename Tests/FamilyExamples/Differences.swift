/// The slope of a function at 0 by differences, at the largest step within which it has no kink.
///
/// Rectifiers have kinks: one inside the step leaves the differences to its two sides apart by its jump, however smooth the rest is, and then tells
/// nothing of the slope at 0. The step is halved while the sides are further apart than rounding explains; where they stay so, the last step counts.
package struct Differences: CustomStringConvertible {
  package private(set) var step: Float = 0.01
  package private(set) var central = 0.0
  package private(set) var forward = 0.0
  package private(set) var backward = 0.0

  package init(of f: (Float) -> Double, tolerance: Double) {
    let middle = f(0)
    var spread: Double { max(forward, backward, central) - min(forward, backward, central) }
    var rounding: Double { 1e-6 * abs(middle) / Double(step) }
    repeat {
      step /= 2
      let (h, values) = (Double(step), [step, step / 2, -step, -step / 2].map(f))
      // Richardson's extrapolation: the error is of order h² to one side, h⁴ to both.
      forward = (4 * values[1] - values[0] - 3 * middle) / h
      backward = (3 * middle - 4 * values[3] + values[2]) / h
      central = (4 * (values[1] - values[3]) / h - (values[0] - values[2]) / (2 * h)) / 3
    } while spread > tolerance + rounding && step > 0.005 / 16
  }

  package var description: String { "\(central) (\(forward) above, \(backward) below, step \(step))" }
}
