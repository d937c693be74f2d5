internal import CKernels

/// The geometry of a two-dimensional convolution: kernel, stride and zero padding, each (vertical, horizontal).
package struct ConvolutionGeometry: Sendable, Hashable {
  package let kernel: (height: Int, width: Int)
  package let stride: (height: Int, width: Int)
  package let padding: (height: Int, width: Int)

  package init(kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1), padding: (height: Int, width: Int) = (0, 0)) {
    precondition(kernel.height > 0 && kernel.width > 0 && stride.height > 0 && stride.width > 0, "kernel \(kernel), stride \(stride)")
    precondition(padding.height >= 0 && padding.width >= 0, "padding \(padding)")
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  package init(kernel: Int, stride: Int = 1, padding: Int = 0) {
    self.init(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
  }

  /// (in + 2 padding - kernel) / stride + 1, rounded down; PyTorch's `Conv2d`. Zero where the kernel is larger than the padded image.
  package func outputSize(_ input: (height: Int, width: Int)) -> (height: Int, width: Int) {
    let (rows, columns) = (input.height + 2 * padding.height - kernel.height, input.width + 2 * padding.width - kernel.width)
    return (rows < 0 ? 0 : rows / stride.height + 1, columns < 0 ? 0 : columns / stride.width + 1)
  }

  /// (in - 1) stride - 2 padding + kernel + output padding; PyTorch's `ConvTranspose2d`.
  package func transposedOutputSize(_ input: (height: Int, width: Int), outputPadding: (height: Int, width: Int)) -> (height: Int, width: Int) {
    (
      (input.height - 1) * stride.height - 2 * padding.height + kernel.height + outputPadding.height,
      (input.width - 1) * stride.width - 2 * padding.width + kernel.width + outputPadding.width
    )
  }

  package static func == (a: Self, b: Self) -> Bool { a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding }

  package func hash(into hasher: inout Hasher) {
    for (height, width) in [kernel, stride, padding] {
      hasher.combine(height)
      hasher.combine(width)
    }
  }
}

extension Tensor {
  /// activation of the cross-correlation; self: [n, in, h, w], weight: [out, in, kh, kw] (OIHW), bias: [out] -> [n, out, h', w'].
  package func convolved(weight: Tensor, bias: Tensor?, _ geometry: ConvolutionGeometry, activation: Activation = .identity) -> Tensor {
    precondition(shape.rank == 4 && weight.shape.rank == 4 && shape[1] == weight.shape[1], "a convolution of weight \(weight.shape) on \(shape)")
    precondition(weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width, "weight \(weight.shape), \(geometry.kernel)")
    let image = (height: shape[2], width: shape[3])
    let grid = geometry.outputSize(image)
    precondition(grid.height > 0 && grid.width > 0, "a kernel of \(geometry.kernel) with padding \(geometry.padding) on images of \(image)")
    let patch = weight.shape[1] * geometry.kernel.height * geometry.kernel.width
    ProductRecorder.note(rows: shape[0] * grid.height * grid.width, outputs: weight.shape[0], inner: patch)
    let layer = ChannelsLast(geometry: geometry, image: image, imageChannels: shape[1], grid: grid, gridChannels: weight.shape[0])
    return recordedLayer(weight: weight, bias: bias, activation) { activation in
      layer.convolution(of: self, weight: weight.packing(.convolution), bias: bias, activation)
    } pullback: { step, g in
      [step.asked[0] ? layer.images(g, step.x[1]) : nil, step.asked[1] ? layer.weights(images: step.x[0], grids: g) : nil]
    }
  }

  /// The transpose of `convolved`; self: [n, in, h, w], weight: [in, out, kh, kw] as in PyTorch -> [n, out, h', w'].
  package func convolvedTransposed(
    weight: Tensor, bias: Tensor?, _ geometry: ConvolutionGeometry, outputPadding: (height: Int, width: Int) = (0, 0),
    activation: Activation = .identity
  ) -> Tensor {
    precondition(shape.rank == 4 && weight.shape.rank == 4 && shape[1] == weight.shape[0], "a transposed convolution of \(weight.shape) on \(shape)")
    precondition(weight.shape[2] == geometry.kernel.height && weight.shape[3] == geometry.kernel.width, "weight \(weight.shape), \(geometry.kernel)")
    let grid = (height: shape[2], width: shape[3])
    let image = geometry.transposedOutputSize(grid, outputPadding: outputPadding)
    precondition(image.height > 0 && image.width > 0, "padding \(geometry.padding) leaves nothing of a transposed convolution on \(shape)")
    let patch = weight.shape[1] * geometry.kernel.height * geometry.kernel.width
    ProductRecorder.note(rows: shape[0] * grid.height * grid.width, outputs: patch, inner: weight.shape[0])
    let layer = ChannelsLast(geometry: geometry, image: image, imageChannels: weight.shape[1], grid: grid, gridChannels: shape[1])
    return recordedLayer(weight: weight, bias: bias, activation) { activation in
      layer.transposedConvolution(of: self, weight: weight.packing(.transposedConvolution), bias: bias, activation)
    } pullback: { step, g in
      [step.asked[0] ? layer.grids(g, step.x[1]) : nil, step.asked[1] ? layer.weights(images: g, grids: step.x[0]) : nil]
    }
  }

  /// activation(forward) with the history of its inputs, where one has a history; `pullback` gives the gradients of input and weight.
  private func recordedLayer(
    weight: Tensor, bias: Tensor?, _ activation: Activation, operation: StaticString = #function, forward: (Activation) -> Tensor,
    pullback: @escaping @Sendable (_ step: Step, _ g: Tensor) -> [Tensor?]
  ) -> Tensor {
    guard isWatched || weight.isWatched || bias?.isWatched == true else { return forward(activation) }
    // Activations whose derivative can be read from their output join the product; the others follow it.
    let fused = activation.hasDerivativeOfOutput ? activation : .identity
    let y = forward(fused)
    let biasShape: Shape = [1, y.shape[1], 1, 1]
    let result = y.recorded(by: [self, weight] + (bias.map { [$0] } ?? []), keeping: fused.kept, operation: operation) { step in
      let g = fused.gradient(step)
      let parts = pullback(step, g)
      return step.asked.count == 2 ? parts : parts + [step.asked[2] ? g.summed(to: biasShape).reshaped([biasShape.count]) : nil]
    }
    return fused == activation ? result : activation(result)
  }
}
