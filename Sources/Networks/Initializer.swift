internal import Tensors

/// How a tensor starts. `torch` is what PyTorch's Linear and Conv2d do: uniform within 1/sqrt(fan in), for weight and bias alike.
package enum Initializer: Sendable, Hashable {
  case torch
  /// Glorot and Bengio 2010: uniform within sqrt(6 / (fan in + fan out)).
  case xavierUniform
  /// Glorot and Bengio 2010: normal of variance 2 / (fan in + fan out).
  case xavierNormal
  /// He et al. 2015: normal of variance 2 / fan in.
  case heNormal
  case normal(deviation: Float)
  case uniform(within: Float)
  case constant(Float)

  /// How the bias starts beside a weight that starts like this.
  var ofBias: Initializer { self == .torch ? .torch : .constant(0) }

  func tensor(_ shape: Shape, fans: Shape, _ key: RandomKey) -> Tensor {
    switch self {
    case .torch: Self.uniform(shape, within: 1 / Float(max(fans.fanIn, 1)).squareRoot(), key)
    case .xavierUniform: Self.uniform(shape, within: (6 / Float(max(fans.fanIn + fans.fanOut, 1))).squareRoot(), key)
    case .xavierNormal: key.normal(shape) * (2 / Float(max(fans.fanIn + fans.fanOut, 1))).squareRoot()
    case .heNormal: key.normal(shape) * (2 / Float(max(fans.fanIn, 1))).squareRoot()
    case .normal(let deviation): key.normal(shape) * deviation
    case .uniform(let bound): Self.uniform(shape, within: bound, key)
    case .constant(let value): .full(shape, value)
    }
  }

  private static func uniform(_ shape: Shape, within bound: Float, _ key: RandomKey) -> Tensor {
    key.uniform(shape).affine(scale: 2 * bound, shift: -bound)
  }
}

// Fans as PyTorch counts them, also of a transposed convolution: the first axis is the output, and axes behind the second are the receptive field.
extension Shape {
  fileprivate var fanIn: Int { dimensions.dropFirst().reduce(1, *) }
  fileprivate var fanOut: Int { dimensions[0] * dimensions.dropFirst(2).reduce(1, *) }
}
