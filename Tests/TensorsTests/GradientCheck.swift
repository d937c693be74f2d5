import Tensors
import Testing

/// A differentiable function of tensors with a point to check it at.
struct Differentiable: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let inputs: [Tensor]
  let function: @Sendable ([Tensor]) -> Tensor

  init(_ name: String, _ inputs: Tensor..., function: @escaping @Sendable ([Tensor]) -> Tensor) {
    (testDescription, self.inputs, self.function) = (name, inputs, function)
  }

  /// The gradient of <cotangent, function(inputs)> with respect to the inputs at the given places.
  func gradients(cotangent: Tensor, watching places: [Int]) -> [Tensor?] {
    let inputs = inputs.enumerated().map { places.contains($0) ? $1.watched() : $1 }
    let gradients = function(inputs).backward(from: cotangent)
    return inputs.map { gradients[$0] }
  }

  /// The worst deviation of the gradient from finite differences over several directions, relative to the gradient's norm.
  ///
  /// Directions are random signs, so that no scalar moves further than the step. Central differences at steps h and h / 2 are extrapolated (Richardson),
  /// which leaves an error of order h⁴; the objective is summed in double, so the rounding of the outputs is the only noise.
  func worstDeviation(directions: Int = 4, step: Float = 1e-2) -> Double {
    let cotangent = RandomKey(seed: 11).normal(function(inputs).shape)
    let gradients = gradients(cotangent: cotangent, watching: Array(inputs.indices))
    let norm = gradients.reduce(0.0) { $0 + ($1?.scalars.reduce(0.0) { $0 + Double($1) * Double($1) } ?? 0) }.squareRoot()
    func objective(_ direction: [Tensor], _ step: Float) -> Double {
      let output = function(zip(inputs, direction).map { $0 + $1 * step })
      return zip(output.scalars, cotangent.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    func slope(_ direction: [Tensor], _ step: Float) -> Double {
      (objective(direction, step) - objective(direction, -step)) / (2 * Double(step))
    }
    return (0..<directions).map { number in
      let key = RandomKey(seed: 13).split(number)
      let direction = inputs.enumerated().map { key.split($0).uniform($1.shape).affine(scale: 1, shift: -0.5).sign() }
      let analytic = zip(gradients, direction).reduce(0.0) { total, pair in
        total + zip(pair.0?.scalars ?? [], pair.1.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      }
      let numeric = (4 * slope(direction, step / 2) - slope(direction, step)) / 3
      let deviation = abs(analytic - numeric) / norm
      return deviation.isNaN ? .infinity : deviation
    }.max() ?? .infinity
  }
}

/// Random numbers of a shape; the same for the same name of the point.
func point(_ shape: Shape, _ number: Int = 0) -> Tensor { RandomKey(seed: 17).split(number).normal(shape) }

/// Random numbers at least `margin` away from zero, so that no step crosses a kink there.
func point(_ shape: Shape, _ number: Int = 0, awayFromZero margin: Float) -> Tensor {
  let x = point(shape, number)
  return x + x.sign() * margin
}

/// Random numbers above `floor`.
func positive(_ shape: Shape, _ number: Int = 0, above floor: Float = 0.3) -> Tensor { point(shape, number).absolute() + floor }

/// Numbers a tenth apart in a random order: no step changes which one is the largest.
func distinct(_ shape: Shape) -> Tensor {
  Tensor(shape: shape, scalars: RandomKey(seed: 19).permutation(shape.count).map { Float($0) / 10 - Float(shape.count) / 20 })
}
