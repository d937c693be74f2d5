internal import CKernels

/// The non-linearities that networks are configured with; `leakyReLU` and `elu` carry PyTorch's default slopes.
package enum Activation: String, Sendable, Codable, CaseIterable {
  case identity
  case relu
  case leakyReLU = "leaky_relu"
  case elu
  case tanh
  case sigmoid
  case softplus
  case silu
  case gelu

  package func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .identity: x
    case .relu: x.relu()
    case .leakyReLU: x.leakyReLU()
    case .elu: x.elu()
    case .tanh: x.tanh()
    case .sigmoid: x.sigmoid()
    case .softplus: x.softplus()
    case .silu: x.silu()
    case .gelu: x.gelu()
    }
  }

  /// The kernel that applies this activation while a product is written, where there is one.
  var fused: kernel_activation? {
    switch self {
    case .identity: kernel_identity
    case .relu: kernel_activation_relu
    case .tanh: kernel_activation_tanh
    case .sigmoid: kernel_activation_sigmoid
    case .softplus: kernel_activation_softplus
    case .leakyReLU: kernel_activation_leaky_relu
    case .elu, .silu, .gelu: nil
    }
  }
}

extension Tensor {
  /// activation(x Wᵀ + b); x: [rows, in], weight: [out, in] as in PyTorch, bias: [out] -> [rows, out].
  ///
  /// It is row-stable: a row's answer has the same bits in any batch, with history or without, the weight packed or not.
  package func linear(weight: Tensor, bias: Tensor?, activation: Activation = .identity) -> Tensor {
    precondition(
      shape.rank == 2 && weight.shape.rank == 2 && shape[1] == weight.shape[1], "a linear layer of weight \(weight.shape) on an input \(shape)")
    precondition(bias.map { $0.shape == [weight.shape[0]] } ?? true, "a bias \(String(describing: bias?.shape)) beside a weight \(weight.shape)")
    ProductRecorder.note(rows: shape[0], outputs: weight.shape[0], inner: shape[1])
    guard isWatched || weight.isWatched || bias?.isWatched == true else {
      let product = fusedProduct(weight, bias, activation.fused ?? kernel_identity)
      return activation.fused == nil ? activation(product) : product
    }
    // Activations whose derivative can be read from their output join the product; the others follow it.
    return activation.hasDerivativeOfOutput ? recordedLinear(weight, bias, activation) : activation(recordedLinear(weight, bias, .identity))
  }

  /// activation(x Wᵀ + b) without history.
  private func fusedProduct(_ weight: Tensor, _ bias: Tensor?, _ activation: kernel_activation) -> Tensor {
    let (m, k, n) = (shape[0], shape[1], weight.shape[0])
    return Tensor(shape: [m, n]) { c in
      withScalars { a in
        withOptionalScalars(of: bias) { bias in
          if let packing = weight.packing, packing.layout == .matrix {
            packedProduct(a, packing.base, m: m, n: n, k: k, bias: bias, activation: activation, into: c)
          } else {
            weight.withScalars { b in
              rowStableGemm(
                MatrixOperand(base: a, transposed: false), MatrixOperand(base: b, transposed: true), m: m, n: n, k: k, bias: bias,
                activation: activation, into: c)
            }
          }
        }
      }
    }
  }

  private func recordedLinear(_ weight: Tensor, _ bias: Tensor?, _ activation: Activation) -> Tensor {
    let y = fusedProduct(weight, bias, activation.fused ?? kernel_identity)
    return y.recorded(by: [self, weight] + (bias.map { [$0] } ?? []), keeping: activation.kept) { step in
      let g = activation.gradient(step)
      let dX = step.asked[0] ? g.pulledBack(throughLinear: step.x[1]) : nil
      let dW = step.asked[1] ? g.pulledBack(step.x[0], transposingSelf: true) : nil
      return step.asked.count == 2 ? [dX, dW] : [dX, dW, step.asked[2] ? g.columnSums() : nil]
    }
  }
}

extension Tensor {
  /// The gradient of a linear layer's input from that of its output: self · weight, the same bits whether the weight is kept for it or not.
  fileprivate func pulledBack(throughLinear weight: Tensor) -> Tensor {
    guard let packing = weight.packing, packing.layout == .matrix, let reverse = packing.reverse else { return pulledBack(weight) }
    let (m, k, n) = (shape[0], shape[1], weight.shape[1])
    // A packed weight has no history: only the gradient may have one.
    return Tensor(shape: [m, n]) { c in
      withScalars { a in packedProduct(a, reverse.base, m: m, n: n, k: k, bias: nil, activation: kernel_identity, into: c) }
    }
    .recorded(by: self) { [$0.g.linear(weight: weight, bias: nil)] }
  }
}

func withOptionalScalars(of tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> Void) {
  if let tensor { tensor.withScalars(body) } else { body(nil) }
}

extension Activation {
  /// Whether the derivative is a function of the output, so that the input need not be kept.
  var hasDerivativeOfOutput: Bool {
    switch self {
    case .identity, .relu, .leakyReLU, .tanh, .sigmoid: true
    case .elu, .softplus, .silu, .gelu: false
    }
  }

  /// What a layer with this activation keeps for `gradient`.
  var kept: Kept { self == .identity ? .inputs : [.inputs, .result] }

  /// The gradient before the activation from the one after it, for the activations whose derivative is a function of their output.
  func gradient(_ step: Step) -> Tensor {
    switch self {
    case .relu: step.y.reluGradient(step.g)
    case .leakyReLU: step.y.leakyReLUGradient(step.g, slope: 0.01)
    case .tanh: step.y.tanhGradient(step.g)
    case .sigmoid: step.y.sigmoidGradient(step.g)
    case .identity, .elu, .softplus, .silu, .gelu: step.g
    }
  }
}
