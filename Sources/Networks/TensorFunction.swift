package import Tensors

/// A layer without parameters.
package struct TensorFunction: Layer {
  private let function: @Sendable (Tensor) -> Tensor

  package init(_ function: @escaping @Sendable (Tensor) -> Tensor) { self.function = function }

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { function(x) }
}

extension Layer where Self == TensorFunction {
  package static var flatten: TensorFunction { TensorFunction { $0.flattened() } }
  /// [n, product] -> [n] + shape.
  package static func unflatten(_ shape: Shape) -> TensorFunction { TensorFunction { $0.reshaped(Shape([$0.shape[0]] + shape.dimensions)) } }
  package static func leakyReLU(slope: Float) -> TensorFunction { TensorFunction { $0.leakyReLU(slope: slope) } }
  package static func maxPool(_ size: Int) -> TensorFunction { TensorFunction { $0.maxPooled(kernel: size) } }
  package static func meanPool(_ size: Int) -> TensorFunction { TensorFunction { $0.meanPooled(kernel: size) } }
  package static func upsampleNearest(_ factor: Int) -> TensorFunction { TensorFunction { $0.upsampledNearest(factor: factor) } }
  package static func upsampleBilinear(_ factor: Int) -> TensorFunction { TensorFunction { $0.upsampledBilinear(factor: factor) } }
}

extension Activation: Layer {
  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { self(x) }
}
