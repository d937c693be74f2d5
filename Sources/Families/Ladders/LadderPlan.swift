internal import Modelling
internal import Networks
internal import Tensors

/// A ladder network before it has weights, every size checked.
struct LadderPlan: Sendable {
  /// One layer; features are flat between layers, [n, size].
  struct Level: Sendable {
    let latent: Int
    let encoder: [BlockPlan]
    let rung: [BlockPlan]
    /// Width of what the posterior's heads see.
    let rungWidth: Int
    let injection: [BlockPlan]
    /// Weights of a gated merge; nil at the top, which has nothing to join, and where features are concatenated.
    let gates: Int?
    let decoder: [BlockPlan]
  }
  let levels: [Level]
  let output: BlockPlan
  let hasScaleHead: Bool
  let scalarCount: Int

  /// - Parameter components: of every layer's mixture prior; empty where priors are standard normals.
  init(
    _ configuration: LadderConfiguration, _ signature: Signature, components: [Int] = [], learnsWeights: Bool = false
  ) throws(Fault) {
    try configuration.validate()
    try signature.checkRealNumbers()
    try configuration.observation.check(signature)
    let (activation, normalises) = (configuration.activation, configuration.batchNorm)
    var levels: [Level] = []
    var output = BlockPlan.flatten
    /// What a level sees: the image or feature map, or nil after linear layers.
    var image = signature.space.picture?.extents
    var inputs = signature.width
    for (index, layer) in configuration.layers.enumerated() {
      let isTop = index == configuration.layers.count - 1
      let copies = isTop || configuration.merge == .gatedAdd ? 1 : 2
      let stack = try Self.stack(layer, index, on: image, configuration)
      let width = stack?.top.count ?? inputs
      let size = layer.hidden.last ?? width

      // The mirror image of g_l, from `copies` times `size` features back to its inputs.
      let inner: [BlockPlan]
      let outer: BlockPlan
      if let first = layer.hidden.first {
        let mirrored = layer.hidden.dropLast().reversed() + (stack == nil ? [] : [width])
        inner = .mlp(copies * size, mirrored, activation, batchNorm: normalises) + (stack?.decoder ?? [])
        outer = stack?.output ?? .linear(layer.hidden.count > 1 ? first : copies * size, inputs)
      } else if let stack {
        let channels = copies * stack.top[0]
        let mirror = stack.mirror(taking: channels)
        inner = [.unflatten([channels, stack.top[1], stack.top[2]])] + mirror.inner
        outer = mirror.outer
      } else {
        inner = []
        outer = .linear(copies * size, inputs)
      }
      let closing: [BlockPlan] =
        index == 0
        ? [] : [outer] + (normalises ? [.batchNorm(stack == nil ? inputs : image?.channels ?? inputs)] : []) + [.activation(activation), .flatten]
      if index == 0 { output = outer }

      levels.append(
        Level(
          latent: layer.latent, encoder: (stack?.encoder ?? []) + .mlp(width, layer.hidden, activation, batchNorm: normalises),
          rung: .mlp(size, layer.rung, activation, batchNorm: normalises), rungWidth: layer.rung.last ?? size,
          injection: .mlp(layer.latent, layer.rung.reversed() + [size], activation, batchNorm: normalises),
          gates: isTop || configuration.merge == .concatenate ? nil : size, decoder: inner + closing))
      image = layer.hidden.isEmpty ? stack.map { (height: $0.top[1], width: $0.top[2], channels: $0.top[0]) } : nil
      inputs = size
    }
    self.levels = levels
    self.output = output
    hasScaleHead = configuration.observation.hasScaleHead
    let blocks =
      levels.flatMap { level in
        level.encoder + level.rung + level.injection + level.decoder + [BlockPlan](repeating: .linear(level.rungWidth, level.latent), count: 2)
      } + [BlockPlan](repeating: output, count: hasScaleHead ? 2 : 1)
    let gates = levels.reduce(0) { $0 + ($1.gates ?? 0) }
    let mixtures = zip(components, levels).reduce(0) { $0 + $1.0 * (2 * $1.1.latent + (learnsWeights ? 1 : 0)) }
    let largest = VAE.Plan.largestScalarCount
    guard let count = blocks.scalarCount, count <= largest, count + gates + mixtures <= largest else {
      throw Fault(field: "layers", given: "a network of more than \(largest) numbers", expected: "a smaller one")
    }
    scalarCount = count + gates + mixtures
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
