import Networks
import Tensors
import Testing

@Suite struct ModeTests {
  private struct Failure: Error {}

  @Test("Gradients come back in the shape of the module; what the value does not depend on has a gradient of zero")
  func unusedParameters() {
    let zoo = Zoo(key: RandomKey(seed: 1))
    let x = ramp([6, 4])
    let (value, gradient) = valueAndGradient(at: zoo, loss: { $0.sum() }) { zoo, mode in zoo.heads[0](zoo.trunk(x, mode), mode) * 2 }
    #expect(value.shape == [6, 1])
    #expect(gradient.module.leaves.map(\.leaf.path) == Zoo.paths)
    #expect(gradient.module.leaves.map(\.tensor.shape) == zoo.leaves.map(\.tensor.shape))
    #expect(gradient.module.leaves.allSatisfy { !$0.tensor.isWatched })
    #expect(gradient.module.heads[0].bias?.scalars == [12])
    #expect(gradient.module.heads[1].weight.scalars == [0, 0])
    #expect(gradient.module.scale.scalars == [0, 0])
    #expect(gradient.module.trunk.leaves.allSatisfy { $0.tensor.scalars.contains { $0 != 0 } })
  }

  @Test("Buffers come back with their new values where the pass touched them, unchanged where it did not")
  func buffers() {
    var zoo = Zoo(key: RandomKey(seed: 1))
    zoo.average = ramp([3])
    let (_, gradient) = valueAndGradient(at: zoo, loss: { $0.sum() }) { zoo, mode in zoo.trunk(ramp([6, 4]), mode) }
    let before = Dictionary(uniqueKeysWithValues: zoo.leaves.map { ($0.leaf.path, $0.tensor.scalars) })
    let after = Dictionary(uniqueKeysWithValues: gradient.module.leaves.map { ($0.leaf.path, $0.tensor.scalars) })
    #expect(after["average"] == before["average"])
    #expect(after["trunk.2.running_mean"] != before["trunk.2.running_mean"])
    #expect(after["trunk.2.running_var"] != before["trunk.2.running_var"])
  }

  @Test("The loss is picked from a value of any type, and an error passes through")
  func values() {
    let layer = Linear(2, 1, .drawing(RandomKey(seed: 3)))
    let (value, gradient) = valueAndGradient(at: layer, loss: { $0.loss }) { layer, mode in (loss: layer(ramp([3, 2]), mode).sum(), note: "named") }
    #expect(value.note == "named")
    #expect(gradient.module.bias?.scalars == [3])
    #expect(throws: Failure.self) {
      try valueAndGradient(at: layer, loss: { $0 }) { _, _ -> Tensor in throw Failure() }
    }
  }

  @Test("Every layer's gradient agrees with extrapolated central differences, in training and in evaluation", arguments: [true, false])
  func matchesFiniteDifferences(isTraining: Bool) {
    let key = RandomKey(seed: 61)
    // Smooth activations only, so that no step crosses a kink, and weights large enough that the gradients stand out of the rounding.
    let network = Sequential([
      Block(Convolution(2, 3, ConvolutionGeometry(kernel: 3, stride: 2, padding: 1), .drawing(key.split(0)))), Block(BatchNorm(3, .drawing(key))),
      Block(Activation.tanh), Block(.upsampleBilinear(2)),
      Block(TransposedConvolution(3, 2, ConvolutionGeometry(kernel: 2, stride: 2), .drawing(key.split(1)))), Block(Activation.softplus),
      Block(.meanPool(2)), Block(.flatten), Block(Linear(72, 5, .drawing(key.split(2)))), Block(Activation.sigmoid),
      Block(LayerNorm(5, .drawing(key))),
      Block(Linear(5, 3, .drawing(key.split(3)))),
    ]).mapping { $0.isTrainable ? $1 * 2 + key.split("offset").normal($1.shape) * 0.3 : $1 }
    let x = key.split("x").normal([4, 2, 6, 6])
    let cotangent = key.split("cotangent").normal([4, 3])
    func mode(_ given: Mode) -> Mode { isTraining ? given : .evaluation }
    let (_, gradient) = valueAndGradient(at: network, loss: { ($0 * cotangent).sum() }) { network, given in network(x, mode(given)) }
    func objective(_ network: Sequential) -> Double {
      dot(network(x, mode(.training(BufferUpdates()))), cotangent)
    }
    func norm(_ tensors: [Tensor]) -> Double { tensors.reduce(0.0) { $0 + dot($1, $1) }.squareRoot() }
    let total = norm(gradient.module.leaves.filter(\.leaf.isTrainable).map(\.tensor))
    for (leaf, own) in gradient.module.leaves where leaf.isTrainable {
      let direction = key.split("direction").uniform(own.shape).affine(scale: 1, shift: -0.5).sign()
      func central(_ step: Float) -> Double {
        func moved(_ step: Float) -> Double { objective(network.mapping { $0.path == leaf.path ? $1 + direction * step : $1 }) }
        return (moved(step) - moved(-step)) / (2 * Double(step))
      }
      let numeric = (4 * central(7.5e-3) - central(1.5e-2)) / 3
      // A bias before a batch normalisation has no effect in training; its gradient is compared with the others'.
      #expect(abs(dot(own, direction) - numeric) < 1e-3 * max(norm([own]), 0.01 * total), "\(leaf.path)")
    }
  }
}

/// <a, b>, summed in double.
private func dot(_ a: Tensor, _ b: Tensor) -> Double {
  zip(a.scalars, b.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}
