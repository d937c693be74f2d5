package import Tensors

/// Gated recurrent units in layers (Cho et al. 2014); names, layouts and the order of gates r, z, n as in PyTorch's `nn.GRU`.
///
/// Sequences have their steps outermost: [steps, rows, ...].
package struct GRU: Module {
  package var layers: [RecurrentWeights]
  package let width: Int

  package init(_ inputs: Int, _ width: Int, layers: Int = 1, _ source: ParameterSource) {
    self.layers = (0..<layers).map { RecurrentWeights($0 == 0 ? inputs : width, width, gates: 3, source[$0]) }
    self.width = width
  }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    for layer in layers.indices { layers[layer].visit(path, layer, body) }
  }

  /// x: [steps, rows, inputs] -> the last layer's hidden states, [steps, rows, width], and every layer's after the last step, [rows, width].
  package func callAsFunction(_ x: Tensor, from state: [Tensor]? = nil) -> (outputs: Tensor, state: [Tensor]) {
    var (outputs, state) = (x, state ?? layers.map { _ in .zeros([x.shape[1], width]) })
    for (index, layer) in layers.enumerated() {
      outputs = layer.gates(outputs, bias: layer.biasIH).gru(weight: layer.weightHH, bias: layer.biasHH, hidden: state[index])
      state[index] = outputs.slice(0, outputs.shape[0] - 1..<outputs.shape[0]).reshaped([outputs.shape[1], width])
    }
    return (outputs, state)
  }
}
