package import Tensors

/// Layers one after the other, named by their index as in PyTorch's `nn.Sequential`: `0.weight`, `2.weight`.
package struct Sequential: Layer {
  package var blocks: [Block]

  package init(_ blocks: [Block] = []) { self.blocks = blocks }

  /// Every layer has a source of its own by its index.
  package init(_ makers: [LayerMaker], _ source: ParameterSource) { blocks = makers.enumerated().map { index, make in make(source[index]) } }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) { blocks.visit(path, body) }

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    var (x, index) = (x, 0)
    while index < blocks.count {
      if index + 1 < blocks.count, let activation = blocks[index + 1].layer as? Activation {
        x = blocks[index](x, mode, activation: activation)
        index += 2
      } else {
        x = blocks[index](x, mode)
        index += 1
      }
    }
    return x
  }
}
