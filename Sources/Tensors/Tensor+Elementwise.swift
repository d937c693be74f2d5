internal import CKernels

typealias UnaryKernel = (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
typealias BinaryKernel = @Sendable (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void

extension Tensor {
  /// kernel(self), scalar by scalar, without history.
  func mapped(_ kernel: UnaryKernel) -> Tensor {
    Tensor(shape: shape) { y in withScalars { x in Parallelism.performParts(count) { kernel(x + $0, y + $0, $1) } } }
  }

  /// kernel(self, other), scalar by scalar, of two tensors of one size; without history.
  func combined(with other: Tensor, _ kernel: BinaryKernel) -> Tensor {
    precondition(count == other.count, "\(shape) beside \(other.shape)")
    return Tensor(shape: shape) { y in
      withScalars { a in other.withScalars { b in Parallelism.performParts(count) { kernel(a + $0, b + $0, y + $0, $1) } } }
    }
  }

  /// self += other, of one size, in place.
  mutating func accumulate(_ other: Tensor, scale: Float = 1) {
    precondition(count == other.count, "\(shape) beside \(other.shape)")
    let n = count
    update { y in other.withScalars { x in Parallelism.performParts(n) { kernel_accumulate(x + $0, scale, y + $0, $1) } } }
  }
}

// A value and its derivative side by side.
extension Tensor {
  package func exp() -> Tensor { mapped(kernel_exp).recorded(by: self, keeping: .result) { [$0.g * $0.y] } }

  package func log() -> Tensor { mapped(kernel_log).recorded(by: self, keeping: .inputs) { [$0.g / $0.x[0]] } }

  /// √x. Its derivative at 0 is taken as 0: where the first gradient of an unrolled optimiser is 0, so is its second moment.
  package func squareRoot() -> Tensor {
    mapped(kernel_sqrt).recorded(by: self, keeping: .result) { step in
      let isZero = step.y.isZero
      // g / (2 √x), and 0 where the root is.
      return [isZero.map { step.g * (1 - $0) / (2 * step.y + $0) } ?? step.g / (2 * step.y)]
    }
  }

  package func tanh() -> Tensor { mapped(kernel_tanh).recorded(by: self, keeping: .result) { [$0.y.tanhGradient($0.g)] } }

  package func sigmoid() -> Tensor { mapped(kernel_sigmoid).recorded(by: self, keeping: .result) { [$0.y.sigmoidGradient($0.g)] } }

  /// ln(1 + eˣ).
  package func softplus() -> Tensor {
    mapped(kernel_softplus).recorded(by: self, keeping: .inputs, kernel: { [$0.x[0].combined(with: $0.g, kernel_softplus_backward)] }) {
      [$0.g * $0.x[0].sigmoid()]
    }
  }

  /// max(x, 0).
  package func relu() -> Tensor { mapped(kernel_relu).recorded(by: self, keeping: .result) { [$0.y.reluGradient($0.g)] } }

  /// x where x > 0, else slope · x.
  package func leakyReLU(slope: Float = 0.01) -> Tensor {
    mapped { kernel_leaky_relu($0, slope, $1, $2) }.recorded(by: self, keeping: .inputs) { [$0.x[0].leakyReLUGradient($0.g, slope: slope)] }
  }

  /// x where x > 0, else alpha · (eˣ - 1).
  package func elu(alpha: Float = 1) -> Tensor {
    mapped { kernel_elu($0, alpha, $1, $2) }.recorded(
      by: self, keeping: [.inputs, .result],
      kernel: { step in
        let (x, y, g) = (step.x[0], step.y, step.g)
        return [
          Tensor(shape: x.shape) { d in
            x.withScalars { x in
              y.withScalars { y in
                g.withScalars { g2 in Parallelism.performParts(g.count) { kernel_elu_backward(x + $0, y + $0, g2 + $0, alpha, d + $0, $1) } }
              }
            }
          }
        ]
      }
    ) { step in
      // g where x > 0, else g (y + alpha)
      let isBelow = step.x[0].isAtMostZero
      return [step.g * (1 - isBelow + isBelow * (step.y + alpha))]
    }
  }

  /// x sigmoid(x).
  package func silu() -> Tensor {
    mapped(kernel_silu).recorded(by: self, keeping: .inputs, kernel: { [$0.x[0].combined(with: $0.g, kernel_silu_backward)] }) { step in
      // s (1 + x (1 - s))
      let (x, s) = (step.x[0], step.x[0].sigmoid())
      return [step.g * s * (1 + x * (1 - s))]
    }
  }

  /// x Φ(x), Φ the normal distribution function: the exact form, PyTorch's default (Hendrycks and Gimpel 2016).
  package func gelu() -> Tensor {
    mapped(kernel_gelu).recorded(by: self, keeping: .inputs, kernel: { [$0.x[0].combined(with: $0.g, kernel_gelu_backward)] }) {
      [$0.x[0].geluGradient($0.g)]
    }
  }

  package func squared() -> Tensor { mapped(kernel_square).recorded(by: self, keeping: .inputs) { [2 * ($0.g * $0.x[0])] } }

  package func absolute() -> Tensor { mapped(kernel_abs).recorded(by: self, keeping: .inputs) { [$0.g * $0.x[0].sign()] } }

  package func reciprocal() -> Tensor { mapped(kernel_reciprocal).recorded(by: self, keeping: .result) { [-($0.g * $0.y.squared())] } }

  /// min(max(x, low), high); the gradient is zero outside [low, high].
  package func clamped(low: Float, high: Float) -> Tensor {
    mapped { kernel_clamp($0, low, high, $1, $2) }.recorded(by: self, keeping: .inputs) { step in
      [step.x[0].gate(step.g) { kernel_clamp_backward($0, $1, low, high, $2, $3) }]
    }
  }

  /// scale · x + shift, one rounding a scalar.
  package func affine(scale: Float, shift: Float) -> Tensor {
    mapped { kernel_affine($0, scale, shift, $1, $2) }.recorded(by: self) { [scale * $0.g] }
  }

  /// -1, 0 or 1; no gradient.
  package func sign() -> Tensor {
    Tensor(shape: shape, scalars: scalars.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 })
  }

  /// 1 where a number is 0 or less, else 0; no gradient.
  private var isAtMostZero: Tensor { Tensor(shape: shape, scalars: scalars.map { $0 <= 0 ? 1 : 0 }) }

  /// 1 where a number is 0, else 0; nil where none is. No gradient.
  private var isZero: Tensor? {
    scalars.contains(0) ? Tensor(shape: shape, scalars: scalars.map { $0 == 0 ? 1 : 0 }) : nil
  }
}

// Gradients before an activation from its output and the gradient after it, in one pass, with derivatives of their own.
extension Tensor {
  /// g (1 - y²)
  func tanhGradient(_ g: Tensor) -> Tensor {
    combined(with: g, kernel_tanh_backward).recorded(by: self, g, keeping: .inputs) { step in
      let (y, g) = (step.x[0], step.x[1])
      return [step.asked[0] ? -2 * (step.g * g * y) : nil, step.asked[1] ? y.tanhGradient(step.g) : nil]
    }
  }

  /// g y (1 - y)
  func sigmoidGradient(_ g: Tensor) -> Tensor {
    combined(with: g, kernel_sigmoid_backward).recorded(by: self, g, keeping: .inputs) { step in
      let (y, g) = (step.x[0], step.x[1])
      return [step.asked[0] ? step.g * g * (1 - 2 * y) : nil, step.asked[1] ? y.sigmoidGradient(step.g) : nil]
    }
  }

  /// g (Φ + x φ), φ the normal density
  fileprivate func geluGradient(_ g: Tensor) -> Tensor {
    combined(with: g, kernel_gelu_backward).recorded(by: self, g, keeping: .inputs) { step in
      let (x, g) = (step.x[0], step.x[1])
      // φ (2 - x²)
      let curvature = { (x.squared() * -0.5).exp() * 0.398_942_28 * (2 - x.squared()) }
      return [step.asked[0] ? step.g * g * curvature() : nil, step.asked[1] ? x.geluGradient(step.g) : nil]
    }
  }

  func reluGradient(_ g: Tensor) -> Tensor { gate(g, kernel_relu_backward) }

  /// `self` is the input or, where the slope is positive, the output: both have one sign.
  func leakyReLUGradient(_ g: Tensor, slope: Float) -> Tensor { gate(g) { kernel_leaky_relu_backward($0, $1, slope, $2, $3) } }

  /// A multiple of every g by a factor that hangs on this tensor in steps, so that only g has derivatives.
  private func gate(_ g: Tensor, _ kernel: @escaping BinaryKernel) -> Tensor {
    let steps = detached
    return g.through(LinearMap({ steps.combined(with: $0, kernel) }, adjoint: { steps.combined(with: $0, kernel) }))
  }
}
