internal import CKernels

typealias UnaryKernel = (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
typealias BinaryKernel = (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void

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
  package func exp() -> Tensor {
    let y = mapped(kernel_exp)
    return y.recording(self) { g in [g * y] }
  }

  package func log() -> Tensor {
    let x = detached
    return mapped(kernel_log).recording(self) { g in [g / x] }
  }

  package func squareRoot() -> Tensor {
    let y = mapped(kernel_sqrt)
    return y.recording(self) { g in [g / (2 * y)] }
  }

  package func tanh() -> Tensor {
    let y = mapped(kernel_tanh)
    return y.recording(self) { g in [y.combined(with: g, kernel_tanh_backward)] }
  }

  package func sigmoid() -> Tensor {
    let y = mapped(kernel_sigmoid)
    return y.recording(self) { g in [y.combined(with: g, kernel_sigmoid_backward)] }
  }

  /// ln(1 + eˣ).
  package func softplus() -> Tensor {
    let x = detached
    return mapped(kernel_softplus).recording(self) { g in [x.combined(with: g, kernel_softplus_backward)] }
  }

  /// max(x, 0).
  package func relu() -> Tensor {
    let y = mapped(kernel_relu)
    return y.recording(self) { g in [y.combined(with: g, kernel_relu_backward)] }
  }

  /// x where x > 0, else slope · x.
  package func leakyReLU(slope: Float = 0.01) -> Tensor {
    let x = detached
    return mapped { kernel_leaky_relu($0, slope, $1, $2) }
      .recording(self) { g in [x.combined(with: g) { kernel_leaky_relu_backward($0, $1, slope, $2, $3) }] }
  }

  /// x where x > 0, else alpha · (eˣ - 1).
  package func elu(alpha: Float = 1) -> Tensor {
    let x = detached
    let y = mapped { kernel_elu($0, alpha, $1, $2) }
    return y.recording(self) { g in
      [
        Tensor(shape: x.shape) { d in
          x.withScalars { x in
            y.withScalars { y in
              g.withScalars { g2 in
                Parallelism.performParts(g.count) { kernel_elu_backward(x + $0, y + $0, g2 + $0, alpha, d + $0, $1) }
              }
            }
          }
        }
      ]
    }
  }

  package func squared() -> Tensor {
    let x = detached
    return mapped(kernel_square).recording(self) { g in [2 * (g * x)] }
  }

  package func absolute() -> Tensor {
    let x = detached
    return mapped(kernel_abs).recording(self) { g in [g * x.sign()] }
  }

  package func reciprocal() -> Tensor {
    let y = mapped(kernel_reciprocal)
    return y.recording(self) { g in [-(g * y.squared())] }
  }

  /// min(max(x, low), high); the gradient is zero outside [low, high].
  package func clamped(low: Float, high: Float) -> Tensor {
    let x = detached
    return mapped { kernel_clamp($0, low, high, $1, $2) }
      .recording(self) { g in [x.combined(with: g) { kernel_clamp_backward($0, $1, low, high, $2, $3) }] }
  }

  /// scale · x + shift, one rounding a scalar.
  package func affine(scale: Float, shift: Float) -> Tensor {
    mapped { kernel_affine($0, scale, shift, $1, $2) }.recording(self) { g in [scale * g] }
  }

  /// ln Γ(x), for x > 0.
  package func logGamma() -> Tensor {
    let x = detached
    return mapped(kernel_lgamma).recording(self) { g in [g * x.mapped(kernel_digamma)] }
  }

  /// -1, 0 or 1; no gradient.
  package func sign() -> Tensor {
    Tensor(shape: shape, scalars: scalars.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 })
  }
}
