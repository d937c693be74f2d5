import Networks
import Tensors
import Testing

@Suite struct ModuleTests {
  private let zoo = Zoo(key: RandomKey(seed: 1))

  @Test("Tensors are named as PyTorch names them, in the order of the fields")
  func names() {
    #expect(zoo.leaves.map(\.leaf.path) == Zoo.paths)
    #expect(zoo.leaves.filter { !$0.leaf.isTrainable }.map(\.leaf.path) == ["average", "trunk.2.running_mean", "trunk.2.running_var"])
    #expect(zoo.trunk.leaves.first?.leaf.path == "0.weight")
  }

  @Test("Every layer's tensors have PyTorch's names and layouts")
  func layouts() {
    let key = RandomKey(seed: 2)
    func described(_ module: some Module) -> [String] { module.leaves.map { "\($0.leaf.path) \($0.tensor.shape)" } }
    let geometry = ConvolutionGeometry(kernel: (3, 2))
    #expect(described(Linear(5, 4, .drawing(key))) == ["weight [4, 5]", "bias [4]"])
    #expect(described(Linear(5, 4, bias: false, .drawing(key))) == ["weight [4, 5]"])
    #expect(described(Convolution(5, 4, geometry, .drawing(key))) == ["weight [4, 5, 3, 2]", "bias [4]"])
    #expect(described(Convolution(5, 4, geometry, bias: false, .drawing(key))) == ["weight [4, 5, 3, 2]"])
    #expect(described(TransposedConvolution(5, 4, geometry, .drawing(key))) == ["weight [5, 4, 3, 2]", "bias [4]"])
    #expect(described(TransposedConvolution(5, 4, geometry, bias: false, .drawing(key))) == ["weight [5, 4, 3, 2]"])
    #expect(described(BatchNorm(3, .drawing(key))) == ["weight [3]", "bias [3]", "running_mean [3]", "running_var [3]"])
    #expect(described(LayerNorm(3, .drawing(key))) == ["weight [3]", "bias [3]"])
    #expect(described(Embedding(7, 3, .drawing(key))) == ["weight [7, 3]"])
  }

  @Test("Trained scalars are counted, buffers are not")
  func parameterCount() {
    // scale 2, first 12 + 3, normalisation 3 + 3, second 6, heads 2 (2 + 1), extra 4 + 2
    #expect(zoo.parameterCount == 2 + 15 + 6 + 6 + 6 + 6)
  }

  @Test("Packing keeps the matrices of linear layers in the layout of products, and every number")
  func packing() {
    let packed = zoo.packed()
    #expect(
      packed.leaves.filter(\.tensor.isPacked).map(\.leaf.path) == [
        "trunk.0.weight", "trunk.3.weight", "heads.0.weight", "heads.1.weight", "extra.weight",
      ])
    #expect(packed.leaves.map(\.leaf.path) == Zoo.paths)
    #expect(zip(packed.leaves, zoo.leaves).allSatisfy { $0.tensor.scalars == $1.tensor.scalars && $0.tensor.shape == $1.tensor.shape })
    #expect(packed.parameterCount == zoo.parameterCount && zoo.leaves.allSatisfy { !$0.tensor.isPacked })
    #expect(zoo.byteCount == 4 * zoo.leaves.reduce(0) { $0 + $1.tensor.count })
    // A panel has 32 columns: each of the five matrices is widened to that.
    #expect(packed.byteCount == zoo.byteCount + 4 * 4 * (32 - 3) + 4 * (3 + 2) * (32 - 2) + 4 * 2 * 2 * (32 - 1))
    let x = ramp([5, 4])
    #expect(packed.trunk(x, .evaluation).scalars == zoo.trunk(x, .evaluation).scalars)
  }

  @Test("Mapping replaces every tensor and leaves the original alone")
  func mapping() {
    let before = zoo.leaves.map(\.tensor.scalars)
    let doubled = zoo.mapping { $1 * 2 }
    #expect(doubled.leaves.map(\.tensor.scalars) == before.map { $0.map { $0 * 2 } })
    #expect(zoo.leaves.map(\.tensor.scalars) == before)
    #expect(doubled.trunk.leaves.map(\.leaf.path) == zoo.trunk.leaves.map(\.leaf.path))
  }

  @Test("A visitor changes tensors where they are: nothing is copied")
  func visitingInPlace() {
    // Arithmetic gives every tensor memory of its own.
    var module = zoo.mapping { $1 + 1 }
    func addresses(_ tensors: [Tensor]) -> [UInt] { tensors.map { $0.withScalars { UInt(bitPattern: $0) } } }
    let before = addresses(module.leaves.map(\.tensor))
    module.visit { leaf, tensor in tensor.update { $0[0] = 42 } }
    let after = module.leaves.map(\.tensor)
    #expect(addresses(after) == before)
    #expect(after.allSatisfy { $0.scalars[0] == 42 })
  }
}
