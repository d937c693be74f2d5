package import Tensors

/// A layer of any kind: a step of a `Sequential`, or a part of a network whose kind the configuration chooses.
package struct Block: Layer {
  package var layer: any Layer

  package init(_ layer: some Layer) { self.layer = layer }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) { layer.visit(path, body) }

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { layer(x, mode) }
  package func callAsFunction(_ x: Tensor, _ mode: Mode, activation: Activation) -> Tensor { layer(x, mode, activation: activation) }
}
