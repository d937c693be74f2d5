internal import Distributions
internal import Modelling
internal import Networks
internal import Tensors

extension VAE.Network {
  /// - Parameter codes: the width of what the decoder is given, where it is more than one draw of z.
  init(_ configuration: VAE.Configuration, _ signature: Signature, codes: Int? = nil, _ source: ParameterSource) throws(Fault) {
    try configuration.validate()
    guard configuration.latent > 0 else {
      throw Fault(field: "latent", given: "nothing", expected: "1 to 65536, or latents for categorical latent variables")
    }
    try signature.checkRealNumbers()
    try configuration.observation.check(signature)
    let stack = try configuration.stack(on: signature)
    let (layers, item) = try configuration.encoderLayers(stack, signature)
    let (head, code) = try configuration.head(on: layers.output)
    encoder = Sequential(layers.makers + head.opening, source["encoder"])
    let (isShared, isCategorical) = (configuration.heads != .separate, configuration.latents != nil)
    mean = isShared || isCategorical ? nil : head.maker(source["mean"])
    scale = isShared || isCategorical ? nil : head.maker(source["scale"])
    moments = isShared ? head.maker(source["moments"]) : nil
    logits = isCategorical ? head.maker(source["logits"]) : nil

    let codes = codes ?? configuration.latent
    let start: Features = codes == configuration.latent ? code : .flat(codes)
    let (inner, output, map) = try configuration.decoderLayers(stack, signature, on: start)
    decoder = Sequential(inner, source["decoder"])
    self.output = output(source["output"])
    let hasScale = configuration.observation.hasScaleHead && configuration.outputHeads ?? .separate == .separate
    outputScale = hasScale ? output(source["output_scale"]) : nil
    shapes = Shapes(item: item, code: map, features: layers.output.count)

    let (components, learnsWeights) = (configuration.priorComponents ?? 0, configuration.priorWeights == .learned)
    switch configuration.prior ?? .normal {
    case .normal: (prior, vampPrior) = (nil, nil)
    case .mixture:
      prior = MixturePrior(components: components, latent: configuration.latent, learnsWeights: learnsWeights, isFull: false, source["prior"])
      vampPrior = nil
    case .vamp:
      prior = nil
      vampPrior = VampPrior(components: components, signature, learnsWeights: learnsWeights, source["prior"])
    }
  }

  /// What the heads see; x: [n, width].
  func features(_ x: Tensor, _ mode: Mode) -> Tensor { encoder(x.rows(of: shapes.item), mode) }

  /// q(z|x) = N(μ(x), σ(x)²) from the encoder's features.
  func posterior(features h: Tensor, _ configuration: VAE.Configuration, _ mode: Mode) -> Normal {
    let (location, head): (Tensor, Tensor)
    if let moments {
      (location, head) = moments(h, mode).halves(configuration.heads)
    } else if let mean, let scale {
      (location, head) = (mean(h, mode).flattened(), scale(h, mode).flattened())
    } else {
      preconditionFailure("a network has one joint head or two separate ones")
    }
    return configuration.scale.normal(mean: location, head: head, floor: configuration.scaleFloor)
  }

  /// The logits of q(z|x) from the encoder's features: [n, variables x classes].
  func logits(features h: Tensor, _ mode: Mode) -> Tensor {
    guard let logits else { preconditionFailure("categorical latent variables have a head of logits") }
    return logits(h, mode).flattened()
  }

  /// The parameters of p(x|z); z: [n, codes].
  func decode(_ z: Tensor, _ configuration: VAE.Configuration, _ mode: Mode) -> Heads {
    let h = decoder(z.rows(of: shapes.code), mode)
    if let layout = configuration.outputHeads, layout != .separate {
      let (location, scale) = output(h, mode).halves(layout)
      return Heads(location: location, scale: scale)
    }
    return Heads(location: output(h, mode).flattened(), scale: outputScale.map { $0(h, mode).flattened() })
  }
}

extension Tensor {
  /// [n, product] as [n] + shape.
  fileprivate func rows(of shape: Shape?) -> Tensor { shape.map { reshaped(Shape([self.shape[0]] + $0.dimensions)) } ?? self }

  /// The two parameters that one layer makes, [n, 2 features, ...] -> [n, ...] flat each.
  fileprivate func halves(_ layout: VAE.Configuration.HeadLayout) -> (Tensor, Tensor) {
    let parts: [Tensor]
    if layout == .interleaved {
      let (n, pairs) = (shape[0], shape[1] / 2)
      parts = reshaped([n * pairs, 2, n * pairs == 0 ? 0 : count / (2 * n * pairs)]).split(1, into: 2).map { $0.reshaped([n, pairs * $0.shape[2]]) }
    } else {
      parts = split(1, into: 2).map { $0.flattened() }
    }
    return (parts[0], parts[1])
  }
}

// MARK: - The layers of a configuration

extension VAE.Configuration {
  /// A head of q, and what goes before it.
  fileprivate struct Head {
    let opening: [LayerMaker]
    let maker: LayerMaker
  }

  /// The mirrored convolutions; nil where there are none.
  fileprivate func stack(on signature: Signature) throws(Fault) -> ImageStack? {
    guard !convolutions.isEmpty else { return nil }
    return try ImageStack(convolutions, on: try picture(signature, "convolutions"), activation: activation, batchNorm: batchNorm)
  }

  private func picture(_ signature: Signature, _ field: String) throws(Fault) -> (height: Int, width: Int, channels: Int) {
    guard let image = signature.space.picture?.extents else {
      throw Fault(field: field, given: "a \(signature.space.kind.rawValue) signature", expected: "images")
    }
    return image
  }

  private func mlp(_ inputs: Int, _ widths: [Int]) -> [LayerMaker] { .mlp(inputs, widths, activation, batchNorm: batchNorm) }

  /// The items as layers see them: images where there are some, unless the first layer takes rows.
  private func features(of signature: Signature) -> Features {
    signature.space.picture.map { .maps(channels: $0.channels, height: $0.height, width: $0.width) } ?? .flat(signature.width)
  }

  /// - Returns: the layers, and the shape in which they are shown an item; nil for a row.
  fileprivate func encoderLayers(_ stack: ImageStack?, _ signature: Signature) throws(Fault) -> (layers: LayerStack, item: Shape?) {
    guard let encoder else {
      let width = stack?.top.count ?? signature.width
      return (LayerStack((stack?.encoder ?? []) + mlp(width, hidden), making: .flat(hidden.last ?? width)), nil)
    }
    let takesRows = encoder.first.map { [.linear, .unflatten, .batchNorm].contains($0.layer.kind) } ?? (head?.kind != .convolution)
    let input = takesRows ? .flat(signature.width) : features(of: signature)
    return (try LayerStack(encoder, on: input, at: "encoder"), takesRows ? nil : input.shape)
  }

  /// - Returns: a head of q on these features, and what its means are to a decoder.
  fileprivate func head(on features: Features) throws(Fault) -> (head: Head, code: Features) {
    let copies = heads == .separate ? 1 : 2
    var own = head ?? LayerSpecification(.linear)
    var (stack, opening) = (LayerStack(on: features), [LayerMaker]())
    if own.kind == .linear, case .maps = features {
      (stack, opening) = (LayerStack(on: .flat(features.count)), [LayerMaker(.flatten)])
    }
    guard own.kind == .convolution else {
      guard own.width == nil || own.width == latent else {
        throw Fault(field: "head.width", given: "\(own.width ?? 0)", expected: "nothing, or \(latent), which `latent` says")
      }
      own.width = copies * latent
      return (Head(opening: opening, maker: try stack.only(own, at: "head")), .flat(latent))
    }
    guard let channels = own.channels else {
      throw Fault(field: "head.channels", given: "nothing", expected: "the channels of z, of which there are latent / (height x width)")
    }
    own.channels = copies * channels
    let maker = try stack.only(own, at: "head")
    guard case .maps(_, let height, let width) = stack.output, channels * height * width == latent else {
      let count = stack.output.count / copies
      throw Fault(field: "latent", given: "\(latent)", expected: "\(count): the head makes \(channels) maps of \(count / channels) numbers")
    }
    return (Head(opening: opening, maker: maker), .maps(channels: channels, height: height, width: width))
  }

  /// - Returns: the layers but the last, the last, and the shape in which they are shown a code; nil for a row.
  fileprivate func decoderLayers(
    _ stack: ImageStack?, _ signature: Signature, on code: Features
  ) throws(Fault) -> (inner: [LayerMaker], output: LayerMaker, code: Shape?) {
    let copies = outputHeads ?? .separate == .separate ? 1 : 2
    guard let decoder, let last = decoder.last else {
      let widths = (decoderHidden ?? hidden.reversed()) + (stack.map { [$0.top.count] } ?? [])
      let (inputs, width) = (widths.last ?? code.count, copies * signature.width)
      return (mlp(code.count, widths) + (stack?.decoder ?? []), stack?.output(copies: copies) ?? LayerMaker { Linear(inputs, width, $0) }, nil)
    }
    let takesRows = decoder.first.map { [.linear, .unflatten].contains($0.layer.kind) } ?? true
    let start = takesRows ? .flat(code.count) : code
    var layers = LayerStack(on: start)
    for (index, layer) in decoder.dropLast().enumerated() { try layers.append(layer, at: "decoder[\(index)]") }
    var target = features(of: signature)
    if last.layer.kind == .linear { target = .flat(signature.width) }
    let output = try layers.last(last, making: target.times(copies), at: "decoder[\(decoder.count - 1)]")
    if case .maps = start { return (layers.makers, output, start.shape) }
    return (layers.makers, output, nil)
  }
}
