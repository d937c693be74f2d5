import CKernels
import CKernels.Testing
import Testing

/// Five steps of each rule in float32 beside the same rule in double, written as PyTorch's documentation writes it.
@Suite("Optimisers") struct OptimiserTests {
  static let (rate, beta1, beta2, epsilon): (Float, Float, Float, Float) = (0.05, 0.9, 0.99, 1e-3)
  static let count = 37

  /// Calls `step` with t = 1 ... 5 and fresh gradients.
  func run(_ step: (_ t: Int, _ g: [Float]) -> Void) {
    var numbers = TestNumbers(seed: 31)
    for t in 1...5 { step(t, numbers.floats(Self.count)) }
  }

  func start() -> [Float] {
    var numbers = TestNumbers(seed: 32)
    return numbers.floats(Self.count)
  }

  func expectClose(_ given: [Float], _ expected: [Double], _ comment: Comment) {
    for (given, expected) in zip(given, expected) { #expect(abs(Double(given) - expected) < 3e-6 * max(1, abs(expected)), comment) }
  }

  @Test("Adam and AdamW follow their formulae", arguments: InstructionSet.all, [(Float(0), false), (0.1, false), (0.1, true)])
  func adam(set: InstructionSet, regularisation: (decay: Float, decoupled: Bool)) {
    let (decay, decoupled) = regularisation
    let (rate, b1, b2, eps, lambda) = (Double(Self.rate), Double(Self.beta1), Double(Self.beta2), Double(Self.epsilon), Double(decay))
    let zero = [Float](repeating: 0, count: Self.count)
    var (p, m, v) = (start(), zero, zero)
    var (theta, mean, square) = (p.map(Double.init), zero.map(Double.init), zero.map(Double.init))
    var (power1, power2) = (1.0, 1.0)
    run { t, g in
      power1 *= b1
      power2 *= b2
      set.kernels.adam(
        &p, g, &m, &v, Self.count, Self.rate, Self.beta1, Self.beta2, Self.epsilon, decay, decoupled ? 1 : 0, Float(1 - power1), Float(1 - power2))
      for i in g.indices {
        var gradient = Double(g[i])
        if decoupled { theta[i] -= rate * lambda * theta[i] } else { gradient += lambda * theta[i] }
        mean[i] = b1 * mean[i] + (1 - b1) * gradient
        square[i] = b2 * square[i] + (1 - b2) * gradient * gradient
        theta[i] -= rate * (mean[i] / (1 - power1)) / ((square[i] / (1 - power2)).squareRoot() + eps)
      }
      expectClose(p, theta, "step \(t)")
    }
    expectClose(m, mean, "first moment")
    expectClose(v, square, "second moment")
  }

  @Test("Adamax follows its formulae", arguments: InstructionSet.all, [Float(0), 0.1])
  func adamax(set: InstructionSet, decay: Float) {
    let (rate, b1, b2, eps) = (Double(Self.rate), Double(Self.beta1), Double(Self.beta2), Double(Self.epsilon))
    let zero = [Float](repeating: 0, count: Self.count)
    var (p, m, u) = (start(), zero, zero)
    var (theta, mean, norm) = (p.map(Double.init), zero.map(Double.init), zero.map(Double.init))
    var power = 1.0
    run { t, g in
      power *= b1
      set.kernels.adamax(&p, g, &m, &u, Self.count, Self.rate, Self.beta1, Self.beta2, Self.epsilon, decay, Float(1 - power))
      for i in g.indices {
        let gradient = Double(g[i]) + Double(decay) * theta[i]
        mean[i] = b1 * mean[i] + (1 - b1) * gradient
        norm[i] = max(b2 * norm[i], abs(gradient) + eps)
        theta[i] -= rate / (1 - power) * mean[i] / norm[i]
      }
      expectClose(p, theta, "step \(t)")
    }
    expectClose(u, norm, "infinity norm")
  }

  @Test("stochastic gradient descent follows its formulae", arguments: InstructionSet.all, [(Float(0), false), (0.9, false), (0.9, true)])
  func sgd(set: InstructionSet, style: (momentum: Float, nesterov: Bool)) {
    let (rate, mu, decay) = (Double(Self.rate), Double(style.momentum), Float(0.1))
    // Whatever the velocity holds before the first step is not read.
    var (p, velocity) = (start(), [Float](repeating: .nan, count: Self.count))
    var (theta, buffer) = (p.map(Double.init), [Double](repeating: 0, count: Self.count))
    run { t, g in
      set.kernels.sgd(&p, g, &velocity, Self.count, Self.rate, style.momentum, decay, style.nesterov ? 1 : 0, t == 1 ? 1 : 0)
      for i in g.indices {
        let gradient = Double(g[i]) + Double(decay) * theta[i]
        buffer[i] = t == 1 ? gradient : mu * buffer[i] + gradient
        theta[i] -= rate * (mu == 0 ? gradient : style.nesterov ? gradient + mu * buffer[i] : buffer[i])
      }
      expectClose(p, theta, "step \(t)")
    }
  }

  @Test("RMSprop follows its formulae", arguments: InstructionSet.all, [Float(0), 0.1])
  func rmsprop(set: InstructionSet, decay: Float) {
    let (rate, alpha, eps) = (Double(Self.rate), Double(Self.beta2), Double(Self.epsilon))
    var (p, v) = (start(), [Float](repeating: 0, count: Self.count))
    var (theta, square) = (p.map(Double.init), v.map(Double.init))
    run { t, g in
      set.kernels.rmsprop(&p, g, &v, Self.count, Self.rate, Self.beta2, Self.epsilon, decay)
      for i in g.indices {
        let gradient = Double(g[i]) + Double(decay) * theta[i]
        square[i] = alpha * square[i] + (1 - alpha) * gradient * gradient
        theta[i] -= rate * gradient / (square[i].squareRoot() + eps)
      }
      expectClose(p, theta, "step \(t)")
    }
  }
}
