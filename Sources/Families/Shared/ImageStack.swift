package import Modelling
package import Networks
package import Tensors

/// One convolution of the short form of an encoder; the decoder mirrors it with a transposed one.
package struct ConvolutionSpecification: Settings {
  package var channels: Int
  package var kernel: Int
  package var stride: Int
  package var padding: Int

  package init() { self.init(channels: 0, kernel: 0) }

  package init(channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  package static let table = Table<Self> {
    Setting("channels", \.channels, in: 1...4096, required: true, "Features that it makes.")
    Setting("kernel", \.kernel, in: 1...64, required: true, "Height and width of what it sees at once.")
    Setting("stride", \.stride, in: 1...16, "Pixels from one place to the next.")
    Setting("padding", \.padding, in: 0...63, "Zeros put around the image.")
  }
}

/// A stack of convolutions on an image and its mirror image, with every size worked out and checked.
package struct ImageStack: Sendable {
  private struct Level: Sendable {
    let inputs: Int
    let outputs: Int
    let geometry: ConvolutionGeometry
    let outputPadding: Int
  }
  private let levels: [Level]
  private let activation: Activation
  private let batchNorm: Bool
  private let image: Shape
  /// [channels, height, width] after the last convolution.
  package let top: Shape

  package init(
    _ convolutions: [ConvolutionSpecification], on image: (height: Int, width: Int, channels: Int), activation: Activation, batchNorm: Bool
  ) throws(Fault) {
    var levels: [Level] = []
    var (channels, size) = (image.channels, (height: image.height, width: image.width))
    for (index, specification) in convolutions.enumerated() {
      let field = "convolutions[\(index)]"
      let smallest = min(size.height, size.width) + 2 * specification.padding
      guard specification.kernel <= smallest else {
        throw Fault(field: "\(field).kernel", given: "\(specification.kernel)", expected: "at most \(smallest), the padded image's side")
      }
      let geometry = ConvolutionGeometry(kernel: specification.kernel, stride: specification.stride, padding: specification.padding)
      let output = geometry.outputSize(size)
      let mirrored = geometry.transposedOutputSize(output, outputPadding: (0, 0))
      let padding = (height: size.height - mirrored.height, width: size.width - mirrored.width)
      guard padding.height == padding.width, (0..<specification.stride).contains(padding.height) else {
        throw Fault(
          field: field, given: "an image of \(size.height) x \(size.width) that its transpose gives back as \(mirrored.height) x \(mirrored.width)",
          expected: "kernel, stride and padding whose transpose restores the size")
      }
      levels.append(Level(inputs: channels, outputs: specification.channels, geometry: geometry, outputPadding: padding.height))
      (channels, size) = (specification.channels, output)
    }
    self.levels = levels
    self.activation = activation
    self.batchNorm = batchNorm
    self.image = [image.channels, image.height, image.width]
    top = [channels, size.height, size.width]
  }

  /// [n, width] -> [n, top]: the convolutions, each with its activation, then flat.
  package var encoder: [LayerMaker] {
    let convolutions = levels.flatMap { level in
      normalised(LayerMaker { Convolution(level.inputs, level.outputs, level.geometry, $0) }, level.outputs)
    }
    return [LayerMaker(.unflatten(image))] + convolutions + [LayerMaker(.flatten)]
  }

  /// [n, top] -> the last feature map, all mirrored levels but the outermost.
  package var decoder: [LayerMaker] { [LayerMaker(.unflatten(top))] + mirror(taking: top[0]).inner }

  /// The outermost mirrored level: from the last feature map to one number a pixel, or several.
  package func output(copies: Int = 1) -> LayerMaker { mirror(taking: top[0], copies: copies).outer }

  /// The mirrored levels where the innermost one takes so many channels in place of the top's: [n, channels, height, width] -> the image.
  package func mirror(taking channels: Int, copies: Int = 1) -> (inner: [LayerMaker], outer: LayerMaker) {
    let mirrored = levels.enumerated().reversed().map { index, level in
      let inputs = index == levels.count - 1 ? channels : level.outputs
      let outputs = index == 0 ? copies * level.inputs : level.inputs
      return LayerMaker { TransposedConvolution(inputs, outputs, level.geometry, outputPadding: level.outputPadding, $0) }
    }
    let inner = zip(mirrored, levels.dropFirst().reversed()).flatMap { normalised($0, $1.inputs) }
    return (inner, mirrored[levels.count - 1])
  }

  private func normalised(_ layer: LayerMaker, _ channels: Int) -> [LayerMaker] {
    [layer] + (batchNorm ? [LayerMaker { BatchNorm(channels, $0) }] : []) + [LayerMaker(activation)]
  }
}
