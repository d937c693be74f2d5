package import Modelling
package import Networks
package import Tensors

/// What goes from one layer to the next: a row of features, or maps of them.
package enum Features: Sendable, Equatable, CustomStringConvertible {
  case flat(Int)
  case maps(channels: Int, height: Int, width: Int)

  package var count: Int {
    switch self {
    case .flat(let width): width
    case .maps(let channels, let height, let width): channels * height * width
    }
  }

  /// The same with so many times the channels.
  package func times(_ copies: Int) -> Features {
    switch self {
    case .flat(let width): .flat(copies * width)
    case .maps(let channels, let height, let width): .maps(channels: copies * channels, height: height, width: width)
    }
  }

  /// Of one item, without the row.
  package var shape: Shape {
    switch self {
    case .flat(let width): [width]
    case .maps(let channels, let height, let width): [channels, height, width]
    }
  }

  package var description: String {
    switch self {
    case .flat(let width): "\(width) flat features"
    case .maps(let channels, let height, let width): "\(channels) maps of \(height) x \(width)"
    }
  }
}

/// Layers that are written out, with every size worked out and checked; they are numbered as those of `nn.Sequential`.
package struct LayerStack: Sendable {
  package private(set) var makers: [LayerMaker] = []
  package private(set) var output: Features

  /// Numbers of an item between two layers at most.
  private static let most = 1 << 24

  package init(on input: Features) { output = input }

  /// Layers that are known to fit.
  package init(_ makers: [LayerMaker], making output: Features) { (self.makers, self.output) = (makers, output) }

  /// - Parameter field: what the list is called, for errors.
  package init(_ layers: [NetworkLayer], on input: Features, at field: String) throws(Fault) {
    self.init(on: input)
    for (index, layer) in layers.enumerated() { try append(layer, at: "\(field)[\(index)]") }
  }

  package mutating func append(_ layer: NetworkLayer, at place: String) throws(Fault) {
    guard layer.layer.kind == .residual else { return try append(layer.layer, at: place) }
    func branch(_ layers: [LayerSpecification], _ name: String) throws(Fault) -> LayerStack {
      var branch = LayerStack(on: output)
      for (index, layer) in layers.enumerated() { try branch.append(layer, at: "\(place).\(name)[\(index)]") }
      return branch
    }
    let (body, shortcut) = (try branch(layer.layers ?? [], "layers"), try branch(layer.shortcut ?? [], "shortcut"))
    guard body.output == shortcut.output else {
      throw Fault(field: place, given: "layers that make \(body.output) beside a shortcut that makes \(shortcut.output)", expected: "as much of both")
    }
    let (isPlain, activation) = (layer.shortcut == nil, layer.layer.function)
    makers.append(
      LayerMaker { source in
        ResidualBlock(
          Sequential(body.makers, source["body"]), shortcut: isPlain ? nil : Block(Sequential(shortcut.makers, source["shortcut"])),
          activation: activation?(source))
      })
    output = body.output
  }

  package mutating func append(_ layer: LayerSpecification, at place: String) throws(Fault) {
    let main = try make(layer, at: place)
    makers.append(main)
    if let kind = layer.normalisation { makers.append(try normalisation(kind, of: layer, at: place)) }
    if layer.kind != .activation, let activation = layer.function { makers.append(activation) }
    guard output.count <= Self.most else {
      throw Fault(field: place, given: "\(output) behind it", expected: "at most \(Self.most) numbers an item")
    }
  }

  /// The last layer of a decoder with its normalisation, one module, which stands by itself.
  ///
  /// - Parameter target: what it has to make.
  package mutating func last(_ layer: NetworkLayer, making target: Features, at place: String) throws(Fault) -> LayerMaker {
    var own = layer.layer
    guard [.linear, .convolution, .transposedConvolution].contains(own.kind) else {
      throw Fault(field: "\(place).kind", given: own.kind.rawValue, expected: "linear, convolution or transposed_convolution, the last layer's")
    }
    guard own.activation == nil else {
      throw Fault(
        field: "\(place).activation", given: "there", expected: "nothing behind the last layer: `output_activation` and the likelihood say it")
    }
    switch target {
    case .flat(let width): own.width = own.width ?? width
    case .maps(let channels, _, _): own.channels = own.channels ?? (own.kind == .linear ? nil : channels)
    }
    if own.kind == .linear { own.width = own.width ?? target.count }
    let made = try only(own, at: place)
    guard output == target || (own.kind == .linear && output.count == target.count) else {
      throw Fault(field: place, given: "\(output) behind it", expected: "\(target)")
    }
    return made
  }

  /// Of a layer with its normalisation one module, which stands by itself.
  package mutating func only(_ layer: LayerSpecification, at place: String) throws(Fault) -> LayerMaker {
    let start = makers.count
    try append(layer, at: place)
    let own = Array(makers[start...])
    makers.removeSubrange(start...)
    return own.count == 1 ? own[0] : LayerMaker { Sequential(own, $0) }
  }

  // MARK: - One layer

  private func maps(at place: String, _ kind: LayerSpecification.Kind) throws(Fault) -> (channels: Int, height: Int, width: Int) {
    guard case .maps(let channels, let height, let width) = output else {
      throw Fault(field: place, given: "a layer of kind \(kind.rawValue) on \(output)", expected: "an image before it: put an unflatten there")
    }
    return (channels, height, width)
  }

  private func required(_ value: Int?, _ name: String, at place: String) throws(Fault) -> Int {
    guard let value else {
      throw Fault(field: "\(place).\(name)", given: "nothing", expected: "a number: only a decoder's last layer may leave it out")
    }
    return value
  }

  private mutating func make(_ layer: LayerSpecification, at place: String) throws(Fault) -> LayerMaker {
    let bias = layer.bias ?? true
    switch layer.kind {
    case .linear:
      guard case .flat(let inputs) = output else {
        throw Fault(field: place, given: "a linear layer on \(output)", expected: "flat features: put a flatten before it")
      }
      let width = try required(layer.width, "width", at: place)
      output = .flat(width)
      return LayerMaker { Linear(inputs, width, bias: bias, $0) }
    case .convolution, .transposedConvolution: return try convolution(layer, bias: bias, at: place)
    case .upsample:
      let (channels, height, width) = try maps(at: place, layer.kind)
      let factor = layer.factor ?? 1
      output = .maps(channels: channels, height: height * factor, width: width * factor)
      return layer.interpolation == .bilinear ? LayerMaker(.upsampleBilinear(factor)) : LayerMaker(.upsampleNearest(factor))
    case .pad:
      let (channels, height, width) = try maps(at: place, layer.kind)
      let (padding, edges) = (layer.padding ?? 0, layer.edges ?? .zeros)
      guard edges != .reflect || padding < min(height, width) else {
        throw Fault(field: "\(place).padding", given: "\(padding)", expected: "less than \(min(height, width)), the image's side that is reflected")
      }
      output = .maps(channels: channels, height: height + 2 * padding, width: width + 2 * padding)
      return LayerMaker(TensorFunction { $0.padded(by: padding, edges) })
    case .maxPool, .meanPool:
      let (channels, height, width) = try maps(at: place, layer.kind)
      let kernel = layer.kernel ?? 1
      let stride = layer.stride ?? kernel
      guard kernel <= min(height, width) else {
        throw Fault(field: "\(place).kernel", given: "\(kernel)", expected: "at most \(min(height, width)), the image's side")
      }
      output = .maps(channels: channels, height: (height - kernel) / stride + 1, width: (width - kernel) / stride + 1)
      let isMaximum = layer.kind == .maxPool
      return LayerMaker(TensorFunction { isMaximum ? $0.maxPooled(kernel: kernel, stride: stride) : $0.meanPooled(kernel: kernel, stride: stride) })
    case .flatten:
      output = .flat(output.count)
      return LayerMaker(.flatten)
    case .unflatten:
      let shape = layer.shape ?? []
      let target = Features.maps(channels: shape[0], height: shape[1], width: shape[2])
      guard shape.allSatisfy({ $0 <= Self.most }), target.shape.clampedCount == output.count else {
        throw Fault(field: "\(place).shape", given: "\(shape)", expected: "a product of \(output.count), the features before it")
      }
      output = target
      return LayerMaker(.unflatten(target.shape))
    case .activation: return layer.function ?? LayerMaker(Activation.identity)
    case .batchNorm: return try normalisation(.batch, of: layer, at: place)
    case .groupNorm: return try normalisation(.group, of: layer, at: place)
    case .residual: preconditionFailure("blocks have no blocks in them")
    }
  }

  private mutating func convolution(_ layer: LayerSpecification, bias: Bool, at place: String) throws(Fault) -> LayerMaker {
    let (inputs, height, width) = try maps(at: place, layer.kind)
    let channels = try required(layer.channels, "channels", at: place)
    let geometry = ConvolutionGeometry(kernel: layer.kernel ?? 1, stride: layer.stride ?? 1, padding: layer.padding ?? 0)
    if layer.kind == .convolution {
      let smallest = min(height, width) + 2 * geometry.padding.height
      guard geometry.kernel.height <= smallest else {
        throw Fault(field: "\(place).kernel", given: "\(geometry.kernel.height)", expected: "at most \(smallest), the padded image's side")
      }
      let size = geometry.outputSize((height, width))
      output = .maps(channels: channels, height: size.height, width: size.width)
      return LayerMaker { Convolution(inputs, channels, geometry, bias: bias, $0) }
    }
    let outputPadding = layer.outputPadding ?? 0
    guard outputPadding == 0 || outputPadding < geometry.stride.height else {
      throw Fault(field: "\(place).output_padding", given: "\(outputPadding)", expected: "less than the stride, \(geometry.stride.height)")
    }
    let size = geometry.transposedOutputSize((height, width), outputPadding: (outputPadding, outputPadding))
    guard size.height > 0, size.width > 0 else {
      throw Fault(field: "\(place).padding", given: "\(geometry.padding.height)", expected: "less, of which something of the image is left")
    }
    output = .maps(channels: channels, height: size.height, width: size.width)
    return LayerMaker { TransposedConvolution(inputs, channels, geometry, outputPadding: outputPadding, bias: bias, $0) }
  }

  /// A normalisation of what there is now.
  private func normalisation(_ kind: LayerSpecification.Normalisation, of layer: LayerSpecification, at place: String) throws(Fault) -> LayerMaker {
    let channels: Int
    switch output {
    case .flat(let width): channels = width
    case .maps(let count, _, _): channels = count
    }
    let epsilon = layer.epsilon ?? 1e-5
    guard kind == .group else { return LayerMaker { BatchNorm(channels, epsilon: epsilon, $0) } }
    let groups = layer.groups ?? 32
    guard channels % groups == 0 else {
      throw Fault(field: "\(place).groups", given: "\(groups)", expected: "a divisor of the \(channels) channels there")
    }
    return LayerMaker { GroupNorm(channels, groups: groups, epsilon: epsilon, $0) }
  }
}

extension LayerSpecification {
  /// Its activation as a layer.
  fileprivate var function: LayerMaker? {
    switch (activation, slope) {
    case (nil, _): nil
    case (.leakyReLU?, let slope?): LayerMaker(.leakyReLU(slope: slope))
    case (.elu?, let alpha?): LayerMaker(TensorFunction { $0.elu(alpha: alpha) })
    case (let activation?, _): LayerMaker(activation)
    }
  }
}
