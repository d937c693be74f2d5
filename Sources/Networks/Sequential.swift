package import Tensors

/// One step of a `Sequential`; a step without parameters still takes an index, as in PyTorch's `nn.Sequential`.
package enum Block: Layer {
  case linear(Linear)
  case convolution(Convolution)
  case transposedConvolution(TransposedConvolution)
  case batchNorm(BatchNorm)
  case layerNorm(LayerNorm)
  case groupNorm(GroupNorm)
  case residual(ResidualBlock)
  case activation(Activation)
  case leakyReLU(slope: Float)
  case flatten
  /// [n, product] -> [n] + shape.
  case unflatten(Shape)
  case maxPool(Int)
  case meanPool(Int)
  case upsampleNearest(Int)
  case upsampleBilinear(Int)

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    // The layer is moved out, visited and moved back: a copy left behind would share its arrays, and every change in place would copy them first.
    switch consume self {
    case .linear(var layer):
      layer.visit(path, body)
      self = .linear(layer)
    case .convolution(var layer):
      layer.visit(path, body)
      self = .convolution(layer)
    case .transposedConvolution(var layer):
      layer.visit(path, body)
      self = .transposedConvolution(layer)
    case .batchNorm(var layer):
      layer.visit(path, body)
      self = .batchNorm(layer)
    case .layerNorm(var layer):
      layer.visit(path, body)
      self = .layerNorm(layer)
    case .groupNorm(var layer):
      layer.visit(path, body)
      self = .groupNorm(layer)
    case .residual(var layer):
      layer.visit(path, body)
      self = .residual(layer)
    case .activation(let function): self = .activation(function)
    case .leakyReLU(let slope): self = .leakyReLU(slope: slope)
    case .flatten: self = .flatten
    case .unflatten(let shape): self = .unflatten(shape)
    case .maxPool(let size): self = .maxPool(size)
    case .meanPool(let size): self = .meanPool(size)
    case .upsampleNearest(let factor): self = .upsampleNearest(factor)
    case .upsampleBilinear(let factor): self = .upsampleBilinear(factor)
    }
  }

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch self {
    case .linear(let layer): layer(x, mode)
    case .convolution(let layer): layer(x, mode)
    case .transposedConvolution(let layer): layer(x, mode)
    case .batchNorm(let layer): layer(x, mode)
    case .layerNorm(let layer): layer(x, mode)
    case .groupNorm(let layer): layer(x, mode)
    case .residual(let layer): layer(x, mode)
    case .activation(let function): function(x)
    case .leakyReLU(let slope): x.leakyReLU(slope: slope)
    case .flatten: x.flattened()
    case .unflatten(let shape): x.reshaped(Shape([x.shape[0]] + shape.dimensions))
    case .maxPool(let size): x.maxPooled(kernel: size)
    case .meanPool(let size): x.meanPooled(kernel: size)
    case .upsampleNearest(let factor): x.upsampledNearest(factor: factor)
    case .upsampleBilinear(let factor): x.upsampledBilinear(factor: factor)
    }
  }
}

/// Layers one after the other, named by their index: `0.weight`, `2.weight`.
package struct Sequential: Layer {
  package var blocks: [Block]

  package init(_ blocks: [Block] = []) { self.blocks = blocks }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) { blocks.visit(path, body) }

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    var x = x
    var index = 0
    while index < blocks.count {
      var activation: Activation?
      if index + 1 < blocks.count, case .activation(let function) = blocks[index + 1] { activation = function }
      switch (blocks[index], activation) {
      case (.linear(let layer), let function?): x = layer(x, activation: function)
      case (.convolution(let layer), let function?): x = layer(x, activation: function)
      case (.transposedConvolution(let layer), let function?): x = layer(x, activation: function)
      default:
        x = blocks[index](x, mode)
        index += 1
        continue
      }
      index += 2
    }
    return x
  }
}

extension Sequential {
  /// Linear layers of the given widths, each followed by batch normalisation where asked for, and by the activation.
  package static func mlp(_ inputs: Int, hidden: [Int], activation: Activation, batchNorm: Bool = false, key: RandomKey) -> Sequential {
    var blocks: [Block] = []
    var width = inputs
    for (index, size) in hidden.enumerated() {
      blocks.append(.linear(Linear(width, size, key: key.split(index))))
      if batchNorm { blocks.append(.batchNorm(BatchNorm(size))) }
      blocks.append(.activation(activation))
      width = size
    }
    return Sequential(blocks)
  }
}
