import Networks
import Tensors
import Testing

@Suite struct SequentialTests {
  private static let key = RandomKey(seed: 51)

  private static let images = Sequential([
    Block(Convolution(2, 4, ConvolutionGeometry(kernel: 3, padding: 1), .drawing(key.split("down")))), Block(BatchNorm(4, .drawing(key))),
    Block(Activation.elu), Block(.maxPool(2)), Block(.upsampleNearest(2)), Block(.meanPool(2)), Block(.upsampleBilinear(2)),
    Block(TransposedConvolution(4, 1, ConvolutionGeometry(kernel: 4, stride: 2, padding: 1), bias: false, .drawing(key.split("up")))),
    Block(.flatten), Block(Linear(144, 12, .drawing(key.split("code")))), Block(Activation.softplus), Block(LayerNorm(12, .drawing(key))),
    Block(.unflatten([3, 2, 2])),
  ])

  @Test("Blocks follow each other, and a block without parameters still takes an index")
  func blocks() {
    let paths = Self.images.leaves.map(\.leaf.path)
    #expect(
      paths == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "7.weight", "9.weight", "9.bias", "11.weight", "11.bias",
      ])
    #expect(Self.images(ramp([5, 2, 6, 6]), .evaluation).shape == [5, 3, 2, 2])
  }

  @Test("A sequence answers as its blocks do one by one, whether or not an activation joins the layer before it")
  func answersAsItsBlocks() {
    let x = ramp([5, 2, 6, 6])
    let expected = Self.images.blocks.reduce(x) { $1($0, .evaluation) }
    #expect(Self.images(x, .evaluation).scalars == expected.scalars)
    #expect(Sequential()(x, .evaluation).scalars == x.scalars)
  }

  @Test("In evaluation an item's answer has the same bits in any batch")
  func rowsAreIndependent() {
    let x = ramp([19, 2, 6, 6])
    let whole = Self.images(x, .evaluation)
    for row in 0..<19 { #expect(Self.images(x.slice(0, row..<row + 1), .evaluation).scalars == whole.slice(0, row..<row + 1).scalars) }
  }

  @Test("A multi-layer perceptron is a layer, a normalisation where asked for, and the activation for every width")
  func mlp() {
    let plain = Sequential(.mlp(4, [8, 3], .tanh), .drawing(Self.key))
    #expect(plain.leaves.map(\.leaf.path) == ["0.weight", "0.bias", "2.weight", "2.bias"])
    #expect(plain.leaves.map(\.tensor.shape) == [[8, 4], [8], [3, 8], [3]])
    #expect(plain(ramp([2, 4]), .evaluation).scalars.allSatisfy { abs($0) < 1 })
    let normalised = Sequential(.mlp(4, [8, 3], .tanh, batchNorm: true), .drawing(Self.key))
    #expect(normalised.parameterCount == plain.parameterCount + 2 * 11)
    #expect([LayerMaker].mlp(4, [], .tanh).isEmpty)
  }

  @Test("An embedding looks rows up")
  func embedding() {
    let table = Embedding(5, 3, .drawing(Self.key))
    let rows = (0..<5).map { Array(table.weight.scalars[$0 * 3..<$0 * 3 + 3]) }
    #expect(table([4, 0, 4]).scalars == rows[4] + rows[0] + rows[4])
  }
}
