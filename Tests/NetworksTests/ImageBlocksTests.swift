import Networks
import Tensors
import Testing

@Suite struct ImageBlocksTests {
  private static let key = RandomKey(seed: 91)

  @Test("Groups of channels, and whole images, are normalised as PyTorch's GroupNorm and LayerNorm do it")
  func normalisations() {
    let group = GroupNorm(4, groups: 2, .drawing(Self.key)).withWaves()
    let expected: [Float] = [0, 0, 0.4397485, 0.558449, 0.8169645, 0.7543933, 0.3433382, -0.3112146]
    #expect(deviation(group(wave([1, 4, 1, 2]), .evaluation).scalars, expected) < 2e-6)
    let layer = LayerNorm(Shape([2, 1, 2]), .drawing(Self.key)).withWaves()
    let images: [Float] = [0, 0.2721219, 0.6892626, 0.9464413, 0, 0.4746776, 0.4565778, -0.3112146]
    #expect(deviation(layer(wave([2, 2, 1, 2]), .evaluation).scalars, images) < 2e-6)
  }

  @Test("SiLU and GELU are PyTorch's, and a slope is a parameter of the leaky rectifier")
  func activations() {
    #expect(deviation(Activation.silu(2 * wave([4])).scalars, [0, 0.4869644, 1.0706299, 1.535404]) < 1e-6)
    #expect(deviation(Activation.gelu(2 * wave([4])).scalars, [0, 0.5534387, 1.2289078, 1.7258058]) < 1e-6)
    #expect(TensorFunction.leakyReLU(slope: 0.25)(Tensor(rows: [[-2, 3]]), .evaluation).scalars == [-0.5, 3])
  }

  @Test("A residual block adds its body to its input, or to a shortcut where the channels differ")
  func residual() {
    let same = ResidualBlock.normalised(4, 4, groups: 2, .drawing(Self.key))
    let x = wave([3, 4, 5, 5])
    #expect(same(x, .evaluation).scalars == (x + same.body(x, .evaluation)).scalars)
    #expect(same.leaves.map(\.leaf.path).filter { $0.hasSuffix("weight") } == ["body.0.weight", "body.2.weight", "body.3.weight", "body.5.weight"])
    let wider = ResidualBlock.normalised(4, 6, groups: 2, .drawing(Self.key))
    #expect(wider(x, .evaluation).shape == [3, 6, 5, 5])
    #expect(wider.leaves.last?.leaf.path == "shortcut.bias")
    let net = Sequential([Block(wider), Block(GroupNorm(6, groups: 3, .drawing(Self.key))), Block(.leakyReLU(slope: 0.2))])
    #expect(net.leaves.first?.leaf.path == "0.body.0.weight")
    let whole = net(x, .evaluation)
    for row in 0..<3 { #expect(net(x.slice(0, row..<row + 1), .evaluation).scalars == whole.slice(0, row..<row + 1).scalars) }
  }

  @Test("What dropout takes from a row depends on the row's key alone, and the mean stays")
  func dropout() {
    let layer = Dropout(0.3)
    let x = Tensor.ones([40, 500])
    let keys = RowKeys(Self.key, rows: 0..<40)
    let dropped = layer(x, keys)
    #expect(layer(x.slice(0, 7..<8), keys.slice(7..<8)).scalars == dropped.slice(0, 7..<8).scalars)
    #expect(Set(dropped.scalars) == [0, 1 / (1 - 0.3)])
    // 20 000 draws: three deviations of the mean are 3 sqrt(0.3 / 0.7 / 20 000) = 0.014.
    #expect(abs(dropped.mean().scalar - 1) < 0.014)
    #expect(layer(x, nil).scalars == x.scalars)
    #expect(Dropout(0)(x, keys).scalars == x.scalars)
  }
}
