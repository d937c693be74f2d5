package import Tensors

/// y = x Wᵀ + b; x: [n, in] -> [n, out]. `weight` is [out, in], as in PyTorch.
package struct Linear: Layer {
  package var weight: Tensor
  package var bias: Tensor?

  package init(_ inputs: Int, _ outputs: Int, bias hasBias: Bool = true, initializer: Initializer = .torch, _ source: ParameterSource) {
    weight = source["weight"].tensor([outputs, inputs], initializer)
    bias = hasBias ? source["bias"].tensor([outputs], initializer.ofBias, fans: weight.shape) : nil
  }

  package init(weight: Tensor, bias: Tensor?) { (self.weight, self.bias) = (weight, bias) }

  package static let fields: [Field<Self>] = [.weight("weight", .matrix, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { x.linear(weight: weight, bias: bias) }
  package func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor { self(x, activation: activation) }

  /// The layer and the non-linearity after it in one pass.
  package func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor { x.linear(weight: weight, bias: bias, activation: activation) }
}
