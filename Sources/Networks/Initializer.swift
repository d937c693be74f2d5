package import Tensors

/// How weights start. `torch` is what PyTorch's Linear and Conv2d do: uniform within 1/sqrt(fan in), for weight and bias alike.
package enum Initializer: Sendable, Hashable {
  case torch
  /// Glorot and Bengio 2010: uniform within sqrt(6 / (fan in + fan out)).
  case xavierUniform
  /// Glorot and Bengio 2010: normal of variance 2 / (fan in + fan out).
  case xavierNormal
  /// He et al. 2015: normal of variance 2 / fan in.
  case heNormal
  case normal(deviation: Float)
  case constant(Float)

  /// Weights of a shape whose first axis is the output; fans count the receptive field.
  package func weights(_ shape: Shape, fanIn: Int, fanOut: Int, key: RandomKey) -> Tensor {
    switch self {
    case .torch: Self.uniform(shape, within: 1 / Float(max(fanIn, 1)).squareRoot(), key)
    case .xavierUniform: Self.uniform(shape, within: (6 / Float(max(fanIn + fanOut, 1))).squareRoot(), key)
    case .xavierNormal: key.normal(shape) * (2 / Float(max(fanIn + fanOut, 1))).squareRoot()
    case .heNormal: key.normal(shape) * (2 / Float(max(fanIn, 1))).squareRoot()
    case .normal(let deviation): key.normal(shape) * deviation
    case .constant(let value): .full(shape, value)
    }
  }

  static func uniform(_ shape: Shape, within bound: Float, _ key: RandomKey) -> Tensor {
    key.uniform(shape).affine(scale: 2 * bound, shift: -bound)
  }
}
