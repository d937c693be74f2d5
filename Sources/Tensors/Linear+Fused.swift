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

  package func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .identity: x
    case .relu: x.relu()
    case .leakyReLU: x.leakyReLU()
    case .elu: x.elu()
    case .tanh: x.tanh()
    case .sigmoid: x.sigmoid()
    case .softplus: x.softplus()
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
    case .elu: nil
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
    let (x, w) = (detached, weight.detached)
    let (needsX, needsW, needsBias) = (isWatched, weight.isWatched, bias?.isWatched == true)
    let inputs = [self, weight] + (bias.map { [$0] } ?? [])
    return y.recording(inputs) { g in
      let g = activation.backward(output: y, gradient: g)
      let dX = needsX ? g.pulledBack(throughLinear: w) : nil
      let dW = needsW ? g.pulledBack(x, transposingSelf: true) : nil
      let dBias = needsBias ? g.columnSums() : nil
      return [dX, dW, dBias]
    }
  }
}

extension Tensor {
  /// The gradient of a linear layer's input from that of its output: self · weight, the same bits whether the weight is kept for it or not.
  fileprivate func pulledBack(throughLinear weight: Tensor) -> Tensor {
    guard let packing = weight.packing, packing.layout == .matrix, let reverse = packing.reverse else { return pulledBack(weight) }
    let (m, k, n) = (shape[0], shape[1], weight.shape[1])
    return Tensor(shape: [m, n]) { c in
      withScalars { a in packedProduct(a, reverse.base, m: m, n: n, k: k, bias: nil, activation: kernel_identity, into: c) }
    }
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
    case .elu, .softplus: false
    }
  }

  /// The gradient before the activation from the one after it, for the activations whose derivative is a function of their output.
  func backward(output y: Tensor, gradient g: Tensor) -> Tensor {
    switch self {
    case .relu: y.combined(with: g, kernel_relu_backward)
    // The output has the sign of the input.
    case .leakyReLU: y.combined(with: g) { kernel_leaky_relu_backward($0, $1, 0.01, $2, $3) }
    case .tanh: y.combined(with: g, kernel_tanh_backward)
    case .sigmoid: y.combined(with: g, kernel_sigmoid_backward)
    case .identity, .elu, .softplus: g
    }
  }
}
