package import Tensors

/// A block before it has weights: enough to count them, so that a network's size is known before any memory is taken.
package enum BlockPlan: Sendable, Hashable {
  case linear(Int, Int)
  case convolution(Int, Int, ConvolutionGeometry)
  case transposedConvolution(Int, Int, ConvolutionGeometry, outputPadding: Int)
  case batchNorm(Int)
  case activation(Activation)
  case flatten
  case unflatten(Shape)

  /// Scalars in the block's tensors, buffers included; nil where the number does not fit an Int.
  package var scalarCount: Int? {
    switch self {
    case .linear(let inputs, let outputs): sum([product([inputs, outputs]), outputs])
    case .convolution(let inputs, let outputs, let geometry), .transposedConvolution(let inputs, let outputs, let geometry, outputPadding: _):
      sum([product([inputs, outputs, geometry.kernel.height, geometry.kernel.width]), outputs])
    case .batchNorm(let channels): product([channels, 4])
    case .activation, .flatten, .unflatten: 0
    }
  }

  /// The block with fresh weights.
  package func block(key: RandomKey) -> Block {
    switch self {
    case .linear(let inputs, let outputs): .linear(Linear(inputs, outputs, key: key))
    case .convolution(let inputs, let outputs, let geometry): .convolution(Convolution(inputs, outputs, geometry, key: key))
    case .transposedConvolution(let inputs, let outputs, let geometry, let outputPadding):
      .transposedConvolution(TransposedConvolution(inputs, outputs, geometry, outputPadding: outputPadding, key: key))
    case .batchNorm(let channels): .batchNorm(BatchNorm(channels))
    case .activation(let function): .activation(function)
    case .flatten: .flatten
    case .unflatten(let shape): .unflatten(shape)
    }
  }
}

extension Sequential {
  /// Fresh layers; every index has a key of its own.
  package init(_ plan: [BlockPlan], key: RandomKey) {
    self.init(plan.enumerated().map { index, block in block.block(key: key.split(index)) })
  }
}

extension [BlockPlan] {
  /// Scalars in all blocks; nil where the number does not fit an Int.
  package var scalarCount: Int? { sum(map(\.scalarCount)) }
}

private func product(_ factors: [Int]) -> Int? {
  factors.reduce(Int?.some(1)) { product, factor in
    guard let product else { return nil }
    let (value, overflow) = product.multipliedReportingOverflow(by: factor)
    return overflow ? nil : value
  }
}

private func sum(_ terms: [Int?]) -> Int? {
  terms.reduce(Int?.some(0)) { sum, term in
    guard let sum, let term else { return nil }
    let (value, overflow) = sum.addingReportingOverflow(term)
    return overflow ? nil : value
  }
}
