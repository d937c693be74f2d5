package import Tensors

/// A function of a tensor with named parameters.
package protocol Layer: Module {
  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor
}

/// y = x Wᵀ + b; x: [n, in] -> [n, out]. `weight` is [out, in], as in PyTorch.
package struct Linear: Layer {
  package var weight: Tensor
  package var bias: Tensor?

  package init(_ inputs: Int, _ outputs: Int, bias hasBias: Bool = true, initializer: Initializer = .torch, key: RandomKey) {
    weight = initializer.weights([outputs, inputs], fanIn: inputs, fanOut: outputs, key: key.split("weight"))
    bias =
      hasBias ? Initializer.uniform([outputs], within: initializer == .torch ? 1 / Float(max(inputs, 1)).squareRoot() : 0, key.split("bias")) : nil
  }

  package static let fields: [Field<Self>] = [.weight("weight", .matrix, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { x.linear(weight: weight, bias: bias) }

  /// The layer and the non-linearity after it in one pass.
  package func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor { x.linear(weight: weight, bias: bias, activation: activation) }
}
