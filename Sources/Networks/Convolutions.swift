package import Tensors

/// Cross-correlation; x: [n, in, h, w] -> [n, out, h', w']. `weight` is [out, in, kh, kw], as in PyTorch's `Conv2d`.
package struct Convolution: Layer {
  package var weight: Tensor
  package var bias: Tensor?
  package let geometry: ConvolutionGeometry

  package init(
    _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, bias hasBias: Bool = true, initializer: Initializer = .torch,
    _ source: ParameterSource
  ) {
    weight = source["weight"].tensor([outputs, inputs, geometry.kernel.height, geometry.kernel.width], initializer)
    bias = hasBias ? source["bias"].tensor([outputs], initializer.ofBias, fans: weight.shape) : nil
    self.geometry = geometry
  }

  package static let fields: [Field<Self>] = [.weight("weight", .convolution, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { self(x, mode, activation: .identity) }

  package func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor {
    x.convolved(weight: weight, bias: bias, geometry, activation: activation)
  }
}

/// The transpose of a convolution; x: [n, in, h, w] -> [n, out, h', w']. `weight` is [in, out, kh, kw], as in PyTorch's `ConvTranspose2d`.
package struct TransposedConvolution: Layer {
  package var weight: Tensor
  package var bias: Tensor?
  package let geometry: ConvolutionGeometry
  package let outputPadding: Int

  package init(
    _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, outputPadding: Int = 0, bias hasBias: Bool = true,
    initializer: Initializer = .torch, _ source: ParameterSource
  ) {
    weight = source["weight"].tensor([inputs, outputs, geometry.kernel.height, geometry.kernel.width], initializer)
    bias = hasBias ? source["bias"].tensor([outputs], initializer.ofBias, fans: weight.shape) : nil
    self.geometry = geometry
    self.outputPadding = outputPadding
  }

  package static let fields: [Field<Self>] = [.weight("weight", .transposedConvolution, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { self(x, mode, activation: .identity) }

  package func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor {
    x.convolvedTransposed(weight: weight, bias: bias, geometry, outputPadding: (outputPadding, outputPadding), activation: activation)
  }
}
