package import Tensors

/// Cross-correlation; x: [n, in, h, w] -> [n, out, h', w']. `weight` is [out, in, kh, kw], as in PyTorch's `Conv2d`.
package struct Convolution: Layer {
  package var weight: Tensor
  package var bias: Tensor?
  package let geometry: ConvolutionGeometry

  package init(
    _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, bias hasBias: Bool = true, initializer: Initializer = .torch, key: RandomKey
  ) {
    let field = geometry.kernel.height * geometry.kernel.width
    weight = initializer.weights(
      [outputs, inputs, geometry.kernel.height, geometry.kernel.width], fanIn: inputs * field, fanOut: outputs * field, key: key.split("weight"))
    let bound = initializer == .torch ? 1 / Float(max(inputs * field, 1)).squareRoot() : 0
    bias = hasBias ? Initializer.uniform([outputs], within: bound, key.split("bias")) : nil
    self.geometry = geometry
  }

  package static let fields: [Field<Self>] = [.weight("weight", .convolution, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { self(x, activation: .identity) }

  /// The layer and the non-linearity after it.
  func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor { x.convolved(weight: weight, bias: bias, geometry, activation: activation) }
}

/// The transpose of a convolution; x: [n, in, h, w] -> [n, out, h', w']. `weight` is [in, out, kh, kw], as in PyTorch's `ConvTranspose2d`.
package struct TransposedConvolution: Layer {
  package var weight: Tensor
  package var bias: Tensor?
  package let geometry: ConvolutionGeometry
  package let outputPadding: Int

  package init(
    _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, outputPadding: Int = 0, bias hasBias: Bool = true,
    initializer: Initializer = .torch, key: RandomKey
  ) {
    let field = geometry.kernel.height * geometry.kernel.width
    // PyTorch counts the fan in of this layout as out x field; the same is done here, so that both start alike.
    weight = initializer.weights(
      [inputs, outputs, geometry.kernel.height, geometry.kernel.width], fanIn: outputs * field, fanOut: inputs * field, key: key.split("weight"))
    let bound = initializer == .torch ? 1 / Float(max(outputs * field, 1)).squareRoot() : 0
    bias = hasBias ? Initializer.uniform([outputs], within: bound, key.split("bias")) : nil
    self.geometry = geometry
    self.outputPadding = outputPadding
  }

  package static let fields: [Field<Self>] = [.weight("weight", .transposedConvolution, \.weight), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { self(x, activation: .identity) }

  /// The layer and the non-linearity after it.
  func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor {
    x.convolvedTransposed(weight: weight, bias: bias, geometry, outputPadding: (outputPadding, outputPadding), activation: activation)
  }
}
