package import Tensors

/// A kernel by the direction and the length of each output channel's part: e^g v / |v| (Salimans and Kingma 2016); `direction` is [out, in, kh, kw].
package struct NormalisedKernel: Module {
  package var direction: Tensor { didSet { kept = nil } }
  /// g: [out]
  package var logLength: Tensor { didSet { kept = nil } }
  /// The kernel once it was computed to be kept.
  private var kept: Tensor?

  /// - Parameter lengths: of the output channels' parts at the start.
  package init(_ inputs: Int, _ lengths: [Float], _ kernel: (height: Int, width: Int), _ source: ParameterSource) {
    direction = source["direction"].tensor([lengths.count, inputs, kernel.height, kernel.width], .normal(deviation: 0.05))
    logLength = source["log_length"].tensor([lengths.count], .constant(0))
    source["log_length"].revise(&logLength) { g in for (place, length) in Tensor(lengths).log().scalars.enumerated() { g[place] = length } }
  }

  package static let fields: [Field<Self>] = [.parameter("direction", \.direction), .parameter("log_length", \.logLength)]

  /// [out, in, kh, kw]
  package var weight: Tensor {
    if let kept { return kept }
    let outputs = logLength.count
    let v = direction.reshaped([outputs, direction.count / outputs])
    let scale = logLength.exp() / v.rowDots(v).squareRoot()
    return (v * scale.reshaped([outputs, 1])).reshaped(direction.shape)
  }

  fileprivate mutating func keep(_ layout: WeightLayout) { kept = weight.packed(layout) }
}

/// A convolution whose kernel is normalised; x: [n, in, h, w] -> [n, out, h', w'].
package struct WeightNormalisedConvolution: Layer {
  package var kernel: NormalisedKernel
  package var bias: Tensor
  package let geometry: ConvolutionGeometry

  /// - Parameter lengths: those of the kernel's parts at the start, one an output channel.
  package init(_ inputs: Int, lengths: [Float], _ geometry: ConvolutionGeometry, _ source: ParameterSource) {
    kernel = NormalisedKernel(inputs, lengths, geometry.kernel, source["kernel"])
    bias = source["bias"].tensor([lengths.count], .constant(0))
    self.geometry = geometry
  }

  package init(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, _ source: ParameterSource) {
    self.init(inputs, lengths: [Float](repeating: 1, count: outputs), geometry, source)
  }

  package static let fields: [Field<Self>] = [.child("kernel", \.kernel), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { x.convolved(weight: kernel.weight, bias: bias, geometry) }

  /// The same layer for many small images: its kernel is computed and packed once.
  package func prepared() -> Self {
    var layer = self
    layer.kernel.keep(.convolution)
    return layer
  }
}

/// A transposed convolution whose kernel is normalised; x: [n, in, h, w] -> [n, out, h', w'].
package struct WeightNormalisedTransposedConvolution: Layer {
  package var kernel: NormalisedKernel
  package var bias: Tensor
  package let geometry: ConvolutionGeometry
  package let outputPadding: Int

  package init(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, outputPadding: Int = 0, _ source: ParameterSource) {
    kernel = NormalisedKernel(inputs, [Float](repeating: 1, count: outputs), geometry.kernel, source["kernel"])
    bias = source["bias"].tensor([outputs], .constant(0))
    (self.geometry, self.outputPadding) = (geometry, outputPadding)
  }

  package static let fields: [Field<Self>] = [.child("kernel", \.kernel), .parameter("bias", \.bias)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    x.convolvedTransposed(weight: kernel.weight.transposed([1, 0, 2, 3]), bias: bias, geometry, outputPadding: (outputPadding, outputPadding))
  }
}
