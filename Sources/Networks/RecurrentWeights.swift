package import Tensors

/// The weights of one recurrent layer, its gates below each other: from the inputs, [gates width, inputs], and from the state, [gates width, width].
package struct RecurrentWeights: Sendable {
  package var weightIH: Tensor
  package var weightHH: Tensor
  package var biasIH: Tensor
  package var biasHH: Tensor

  /// Uniform within 1/sqrt(width), as PyTorch has it.
  init(_ inputs: Int, _ width: Int, gates: Int, _ source: ParameterSource) {
    let start = Initializer.uniform(within: 1 / Float(max(width, 1)).squareRoot())
    weightIH = source["weight_ih"].tensor([gates * width, inputs], start)
    weightHH = source["weight_hh"].tensor([gates * width, width], start)
    biasIH = source["bias_ih"].tensor([gates * width], start)
    biasHH = source["bias_hh"].tensor([gates * width], start)
  }

  /// The tensors by PyTorch's names, which end in the layer's number.
  mutating func visit(_ path: String, _ layer: Int, _ body: (Leaf, inout Tensor) -> Void) {
    body(Leaf(path: path.appendingName("weight_ih_l\(layer)"), isTrainable: true, layout: .matrix), &weightIH)
    body(Leaf(path: path.appendingName("weight_hh_l\(layer)"), isTrainable: true, layout: .matrix), &weightHH)
    body(Leaf(path: path.appendingName("bias_ih_l\(layer)"), isTrainable: true), &biasIH)
    body(Leaf(path: path.appendingName("bias_hh_l\(layer)"), isTrainable: true), &biasHH)
  }

  /// What the inputs add to the gates, of all steps in one product; x: [steps, rows, inputs] -> [steps, rows, gates width].
  func gates(_ x: Tensor, bias: Tensor) -> Tensor {
    let (steps, rows) = (x.shape[0], x.shape[1])
    return x.reshaped([steps * rows, x.shape[2]]).linear(weight: weightIH, bias: bias).reshaped([steps, rows, bias.count])
  }
}
