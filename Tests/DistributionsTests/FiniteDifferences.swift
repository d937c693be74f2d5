import Tensors
import Testing

/// Checks the gradient of a function of tensors, contracted with fixed random weights, against central differences of every scalar of every input.
///
/// The step of 2^-7 balances float32 rounding, about 1e-7 |f| / h, against truncation, h² |f'''| / 6: both stay below `tolerance` where f and its
/// derivatives are of order one. Differences are summed in double.
func expectGradients(
  of function: ([Tensor]) -> Tensor, at inputs: [Tensor], tolerance: Double = 2e-3, sourceLocation: SourceLocation = #_sourceLocation
) {
  let watched = inputs.map { $0.watched() }
  let output = function(watched)
  let weights = RandomKey(seed: 97).normal([output.count]).reshaped(output.shape)
  let gradients = output.backward(from: weights)
  let step: Float = 0.007_812_5
  for (which, input) in inputs.enumerated() {
    guard let analytic = gradients[watched[which]] else {
      Issue.record("no gradient reaches input \(which)", sourceLocation: sourceLocation)
      continue
    }
    for i in 0..<input.count {
      func moved(by delta: Float) -> [Float] {
        var moved = inputs
        moved[which].update { $0[i] += delta }
        return function(moved).scalars
      }
      let differences = zip(moved(by: step), moved(by: -step)).map { (Double($0) - Double($1)) / Double(2 * step) }
      let numeric = zip(weights.scalars, differences).reduce(0) { $0 + Double($1.0) * $1.1 }
      let error = abs(Double(analytic.scalars[i]) - numeric) / max(1, abs(numeric))
      #expect(
        error < tolerance, "input \(which), scalar \(i): gradient \(analytic.scalars[i]), differences give \(numeric)", sourceLocation: sourceLocation
      )
    }
  }
}
