package import Tensors

/// Long short-term memory in layers (Hochreiter and Schmidhuber 1997); names, layouts and the order of gates i, f, g, o as in PyTorch's `nn.LSTM`.
///
/// Sequences have their steps outermost: [steps, rows, ...].
package struct LSTM: Module {
  package var layers: [RecurrentWeights]
  package let width: Int

  package init(_ inputs: Int, _ width: Int, layers: Int = 1, _ source: ParameterSource) {
    self.layers = (0..<layers).map { RecurrentWeights($0 == 0 ? inputs : width, width, gates: 4, source[$0]) }
    self.width = width
  }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    for layer in layers.indices { layers[layer].visit(path, layer, body) }
  }

  /// What is carried from one piece of a sequence to the next: [rows, width] a layer.
  package struct State: Sendable {
    package var hidden: [Tensor]
    package var cell: [Tensor]

    package init(hidden: [Tensor], cell: [Tensor]) { (self.hidden, self.cell) = (hidden, cell) }

    /// The same numbers without history, where backpropagation through time is cut off.
    package var detached: State { State(hidden: hidden.map(\.detached), cell: cell.map(\.detached)) }
  }

  /// Zeros.
  package func start(rows: Int) -> State {
    let zeros = layers.map { _ in Tensor.zeros([rows, width]) }
    return State(hidden: zeros, cell: zeros)
  }

  /// x: [steps, rows, inputs] -> the last layer's hidden states, [steps, rows, width], and the state after the last step.
  package func callAsFunction(_ x: Tensor, from state: State? = nil) -> (outputs: Tensor, state: State) {
    run(layers[0].gates(x, bias: layers[0].biasIH + layers[0].biasHH), from: state)
  }

  /// What every one-hot input adds to the first layer's gates with the biases, and in a last row what an input of zeros does: [inputs + 1, 4 width].
  package var oneHotGates: Tensor {
    let bias = layers[0].biasIH + layers[0].biasHH
    return Tensor.concatenated([layers[0].weightIH.transposed() + bias, bias.reshaped([1, bias.count])])
  }

  /// The same of one-hot inputs by their indices, step by step and row by row within a step; one behind the last input stands for zeros.
  ///
  /// - Parameters:
  ///   - gates: this network's `oneHotGates`, for whoever takes many short steps.
  ///   - offsets: what a row adds to the first layer's gates at every step, as more inputs that stay the same would: [rows, 4 width].
  package func callAsFunction(
    oneHot indices: [Int], rows: Int, from state: State? = nil, gates: Tensor? = nil, plus offsets: Tensor? = nil
  ) -> (outputs: Tensor, state: State) {
    precondition(rows > 0 && indices.count % rows == 0, "\(indices.count) inputs for \(rows) rows")
    let own = (gates ?? oneHotGates).gather(indices).reshaped([indices.count / rows, rows, 4 * width])
    return run(offsets.map { own + $0 } ?? own, from: state)
  }

  private func run(_ gates: Tensor, from state: State?) -> (outputs: Tensor, state: State) {
    var (gates, state, outputs) = (gates, state ?? start(rows: gates.shape[1]), gates)
    for (index, layer) in layers.enumerated() {
      if index > 0 { gates = layer.gates(outputs, bias: layer.biasIH + layer.biasHH) }
      (outputs, state.cell[index]) = gates.lstm(weight: layer.weightHH, hidden: state.hidden[index], cell: state.cell[index])
      state.hidden[index] = outputs.slice(0, outputs.shape[0] - 1..<outputs.shape[0]).reshaped([outputs.shape[1], width])
    }
    return (outputs, state)
  }
}
