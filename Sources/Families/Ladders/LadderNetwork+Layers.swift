internal import Modelling
internal import Networks
internal import Tensors

extension LadderNetwork {
  /// Every prior a standard normal.
  init(_ configuration: LadderConfiguration, _ signature: Signature, _ source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.checkRealNumbers()
    try configuration.observation.check(signature)
    let (activation, normalises) = (configuration.activation, configuration.batchNorm)
    func mlp(_ inputs: Int, _ widths: [Int]) -> [LayerMaker] { .mlp(inputs, widths, activation, batchNorm: normalises) }
    var (levels, output) = ([LadderLevel](), LayerMaker(.flatten))
    /// What a level sees: the image or feature map, or nil after linear layers. Features are flat between layers, [n, size].
    var (image, inputs) = (signature.space.picture?.extents, signature.width)
    for (index, layer) in configuration.layers.enumerated() {
      let isTop = index == configuration.layers.count - 1
      let copies = isTop || configuration.merge == .gatedAdd ? 1 : 2
      let stack = try Self.stack(layer, index, on: image, configuration)
      let width = stack?.top.count ?? inputs
      let size = layer.hidden.last ?? width

      // The mirror image of g_l, from `copies` times `size` features back to its inputs.
      let inner: [LayerMaker]
      let outer: LayerMaker
      if let first = layer.hidden.first {
        let (last, outputs) = (layer.hidden.count > 1 ? first : copies * size, inputs)
        inner = mlp(copies * size, layer.hidden.dropLast().reversed() + (stack == nil ? [] : [width])) + (stack?.decoder ?? [])
        outer = stack?.output() ?? LayerMaker { Linear(last, outputs, $0) }
      } else if let stack {
        let channels = copies * stack.top[0]
        let mirror = stack.mirror(taking: channels)
        inner = [LayerMaker(.unflatten([channels, stack.top[1], stack.top[2]]))] + mirror.inner
        outer = mirror.outer
      } else {
        let outputs = inputs
        inner = []
        outer = LayerMaker { Linear(copies * size, outputs, $0) }
      }
      let channels = stack == nil ? inputs : image?.channels ?? inputs
      let normalisation = normalises ? [LayerMaker { BatchNorm(channels, $0) }] : []
      let closing = index == 0 ? [] : [outer] + normalisation + [LayerMaker(activation), LayerMaker(.flatten)]
      if index == 0 { output = outer }

      let (source, rungWidth) = (source["level"][index], layer.rung.last ?? size)
      let isGated = !isTop && configuration.merge == .gatedAdd
      levels.append(
        LadderLevel(
          encoder: Sequential((stack?.encoder ?? []) + mlp(width, layer.hidden), source["encoder"]),
          rung: Sequential(mlp(size, layer.rung), source["rung"]), mean: Linear(rungWidth, layer.latent, source["mean"]),
          scale: Linear(rungWidth, layer.latent, source["scale"]),
          injection: Sequential(mlp(layer.latent, layer.rung.reversed() + [size]), source["injection"]),
          gate: isGated ? source.tensor([size], .constant(0.1)) : nil, decoder: Sequential(inner + closing, source["decoder"])))
      image = layer.hidden.isEmpty ? stack.map { (height: $0.top[1], width: $0.top[2], channels: $0.top[0]) } : nil
      inputs = size
    }
    self.init(
      levels: levels, output: output(source["output"]), outputScale: configuration.observation.hasScaleHead ? output(source["output_scale"]) : nil,
      priors: [])
  }

  private static func stack(
    _ layer: LadderConfiguration.Layer, _ index: Int, on image: (height: Int, width: Int, channels: Int)?, _ configuration: LadderConfiguration
  ) throws(Fault) -> ImageStack? {
    guard !layer.convolutions.isEmpty else { return nil }
    guard let image else {
      throw Fault(
        field: "layers[\(index)].convolutions", given: "convolutions of features without height and width",
        expected: "none but on an image, or on the features of a layer below that has convolutions and no linear layers")
    }
    do { return try ImageStack(layer.convolutions, on: image, activation: configuration.activation, batchNorm: configuration.batchNorm) } catch {
      throw error.inside("layers[\(index)]")
    }
  }
}
