import Foundation
import Networks
import Tensors
import Testing

@Suite struct RecurrentLayersTests {
  private static let key = RandomKey(seed: 71)

  @Test("Names and layouts are those of PyTorch's nn.LSTM and nn.GRU")
  func names() {
    let lstm = LSTM(5, 3, layers: 2, .drawing(Self.key))
    #expect(
      lstm.leaves.map(\.leaf.path) == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1",
      ])
    #expect(lstm.leaves.map(\.tensor.shape) == [[12, 5], [12, 3], [12], [12], [12, 3], [12, 3], [12], [12]])
    #expect(GRU(5, 3, .drawing(Self.key)).leaves.map(\.tensor.shape) == [[9, 5], [9, 3], [9], [9]])
    // Two layers of 128 and an output of 65 characters have 240 321 weights.
    #expect(LSTM(65, 128, layers: 2, .drawing(Self.key)).parameterCount + Linear(128, 65, .drawing(Self.key)).parameterCount == 240_321)
  }

  @Test("Two layers of an LSTM give PyTorch's hidden states and cells")
  func lstm() {
    let layer = LSTM(2, 3, layers: 2, .drawing(Self.key)).withWaves()
    let (outputs, state) = layer(wave([4, 2, 2]))
    #expect(deviation(outputs.slice(0, 3..<4).scalars, [-0.2090713, 0.0555927, -0.011318, -0.2108954, 0.0593392, -0.0102995]) < 1e-6)
    #expect(state.hidden[1].scalars == outputs.slice(0, 3..<4).scalars)
    #expect(deviation(state.cell[0].scalars, [0.3997932, 0.3823679, -0.074375, 0.4676628, 0.4395644, -0.0305603]) < 1e-6)
    #expect(deviation(state.cell[1].scalars, [-0.4358666, 0.1198759, -0.0193813, -0.4393547, 0.1285781, -0.0177442]) < 1e-6)
  }

  @Test("Two layers of a GRU give PyTorch's hidden states")
  func gru() {
    let layer = GRU(2, 3, layers: 2, .drawing(Self.key)).withWaves()
    let (outputs, state) = layer(wave([4, 2, 2]))
    #expect(deviation(outputs.slice(0, 3..<4).scalars, [-0.0315997, 0.2092156, 0.369659, -0.0348235, 0.223608, 0.3832391]) < 1e-6)
    #expect(deviation(state[0].scalars, [0.6705607, 0.529405, 0.0644959, 0.7281815, 0.5604376, 0.1156816]) < 1e-6)
  }

  @Test("One-hot inputs by their indices are one-hot inputs, and their gradients are too")
  func oneHot() throws {
    let layer = LSTM(7, 4, layers: 2, .drawing(Self.key))
    let indices = [3, 0, 6, 3, 2, 5, 1, 1]
    let dense = Tensor(shape: [4, 2, 7], scalars: indices.flatMap { index in (0..<7).map { $0 == index ? 1 : 0 } })
    #expect(deviation(layer(oneHot: indices, rows: 2).outputs.scalars, layer(dense).outputs.scalars) < 1e-6)
    let sparse = valueAndGradient(at: layer, loss: { $0.squared().sum() }) { layer, _ in layer(oneHot: indices, rows: 2).outputs }
    let full = valueAndGradient(at: layer, loss: { $0.squared().sum() }) { layer, _ in layer(dense).outputs }
    for (a, b) in zip(sparse.gradient.module.leaves, full.gradient.module.leaves) { #expect(deviation(a.tensor.scalars, b.tensor.scalars) < 1e-6) }
  }

  @Test("A text read in pieces with the state carried over is the text read at once, also by packed weights and beside strangers")
  func carriesItsState() {
    let layer = LSTM(7, 20, layers: 2, .drawing(Self.key))
    let x = wave([6, 3, 7])
    let whole = layer(x)
    let packed = layer.packed()
    var state = packed.start(rows: 1)
    var pieces: [Float] = []
    for step in 0..<6 {
      let (output, next) = packed(x.slice(0, step..<step + 1).slice(1, 1..<2), from: state)
      pieces += output.scalars
      state = next.detached
    }
    #expect(pieces == whole.outputs.slice(1, 1..<2).scalars)
    #expect(state.cell[1].scalars == whole.state.cell[1].slice(0, 1..<2).scalars)
  }
}

/// sin(0.37 k i), without pattern and the same in PyTorch.
func wave(_ shape: Shape, _ k: Double = 1) -> Tensor { Tensor(shape: shape, scalars: (0..<shape.count).map { Float(sin(0.37 * k * Double($0))) }) }

extension Module {
  /// Parameter i filled with half a wave of frequency i + 1.
  func withWaves() -> Self {
    let order = Dictionary(uniqueKeysWithValues: leaves.enumerated().map { ($1.leaf.path, Double($0 + 1)) })
    return mapping { leaf, tensor in 0.5 * wave(tensor.shape, order[leaf.path] ?? 0) }
  }
}
