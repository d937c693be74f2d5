package import Tensors

/// A function of a tensor with named parameters.
package protocol Layer: Module {
  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor
  /// The layer and the non-linearity after it, in one pass where the layer has one.
  func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor
}

extension Layer {
  package func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor { activation(self(x, mode)) }
}
