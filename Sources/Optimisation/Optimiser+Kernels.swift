internal import CKernels
internal import Tensors

// The step in place, as training takes it.
extension Optimiser {
  /// Moves the parameter at a place among the trained ones against its gradient, and its moments with it; `step` counts from 1.
  ///
  /// A parameter without any gradient stays where it is, as one whose gradient is None does in PyTorch: what an objective leaves alone for a while
  /// would otherwise go on along its old momentum.
  func move(_ parameter: inout Tensor, against gradient: Tensor, _ moments: inout [ParameterSlots], at place: Int, step: Int, rate: Float) {
    guard !gradient.isZero else { return }
    let count = parameter.count
    let bias1 = bias(betas[0], step: step)
    let bias2 = bias(betas[1], step: step)
    // Taken out while they are changed, so that the change happens in place.
    var first = moments[0].take(place)
    var second = moments.count > 1 ? moments[1].take(place) : Tensor([])
    gradient.withScalars { g in
      first.update { a in
        second.update { b in
          parameter.update { p in
            // Every scalar moves on its own, so the cut over threads changes no bit.
            Parallelism.performParts(count, cost: 2) { start, n in
              let (p, g, a, b) = (p + start, g + start, a + start, b + start)
              switch kind {
              case .sgd: kernel_sgd(p, g, a, n, rate, momentum, weightDecay, nesterov ? 1 : 0, step == 1 ? 1 : 0)
              case .adam, .adamw:
                kernel_adam(p, g, a, b, n, rate, betas[0], betas[1], epsilon, weightDecay, kind == .adamw ? 1 : 0, bias1, bias2)
              case .adamax: kernel_adamax(p, g, a, b, n, rate, betas[0], betas[1], epsilon, weightDecay, bias1)
              case .rmsprop: kernel_rmsprop(p, g, a, n, rate, alpha, epsilon, weightDecay)
              }
            }
          }
        }
      }
    }
    moments[0].put(first, at: place)
    if moments.count > 1 { moments[1].put(second, at: place) }
  }
}

extension Tensor {
  /// Whether every number is 0; most gradients tell by their first.
  fileprivate var isZero: Bool { withScalars { x in !(0..<count).contains { x[$0] != 0 } } }
}

extension Float {
  /// self to a whole power, computed in double by squaring, so that it is the same on every machine.
  func raised(to power: Int) -> Float {
    var (result, base, left) = (1.0, Double(self), power)
    while left > 0 {
      if left & 1 == 1 { result *= base }
      base *= base
      left >>= 1
    }
    return Float(result)
  }
}
