import Families
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// Updates in place are a matter of reference counts, which only addresses can show.
@Suite("A training step's memory")
struct InPlaceTests {
  @Test("the steps of a VAE move its parameters where they are, once no one else has them")
  func model() throws {
    let configuration = VAE.Configuration(
      latent: 2, hidden: [5], convolutions: [ConvolutionSpecification(channels: 2, kernel: 3, stride: 2, padding: 1)], batchNorm: true,
      observation: Observation(.gaussianLearned))
    let model = try VAE(configuration, signature: .image(height: 4, width: 4), key: RandomKey(seed: 1))
    var player = Player(model.network, Descent(Optimiser(.adam, rate: 0.01)))
    func step() throws {
      try player.descend(pass) { network, mode in
        model.objective(
          network, batch: Batch(RandomKey(seed: 2).normal([6, 16])), options: VAE.TrainingOptions(),
          pass: Pass(mode: mode, keys: RowKeys(RandomKey(seed: 3), rows: 0..<6), epoch: 0))
      }
    }
    let shared = addresses(player.network)
    try step()
    let own = addresses(player.network)
    #expect(Set(own.values).isDisjoint(with: shared.values) && addresses(model.network) == shared)
    try step()
    try step()
    #expect(addresses(player.network) == own)
  }

  /// A tree with a field of every kind in which a tensor can hide.
  private struct Tree: Module {
    var plain: Tensor
    var linear: Linear
    var bare: Linear
    var absent: Linear?
    var present: Linear?
    var block: Block
    var several: [Linear]
    var sequential: Sequential

    init(_ key: RandomKey) {
      plain = key.normal([3])
      linear = Linear(2, 3, .drawing(key.split(0)))
      bare = Linear(2, 3, bias: false, .drawing(key.split(1)))
      present = Linear(3, 2, .drawing(key.split(2)))
      block = Block(Linear(1, 1, .drawing(key.split(3))))
      several = [Linear(2, 2, .drawing(key.split(4))), Linear(2, 2, .drawing(key.split(5)))]
      let geometry = ConvolutionGeometry(kernel: 2, stride: 1, padding: 0)
      sequential = Sequential([
        Block(Linear(4, 5, .drawing(key.split(6)))), Block(Activation.relu), Block(BatchNorm(5, .drawing(key))), Block(LayerNorm(5, .drawing(key))),
        Block(.flatten),
        Block(Convolution(1, 2, geometry, .drawing(key.split(7)))),
        Block(TransposedConvolution(2, 1, geometry, .drawing(key.split(8)))), Block(.unflatten([1, 2])), Block(.maxPool(2)), Block(.meanPool(2)),
        Block(.upsampleNearest(2)), Block(.upsampleBilinear(2)),
      ])
    }

    static let fields: [Field<Self>] = [
      .parameter("plain", \.plain), .child("linear", \.linear), .child("bare", \.bare), .child("absent", \.absent), .child("present", \.present),
      .child("block", \.block), .child("several", \.several), .child("sequential", \.sequential),
    ]
  }

  /// Where every trained parameter's numbers are, by its path; nothing is kept alive.
  private func addresses(_ module: some Module) -> [String: UInt] {
    module.leaves.reduce(into: [:]) { addresses, leaf in
      if leaf.leaf.isTrainable { addresses[leaf.leaf.path] = leaf.tensor.withScalars { UInt(bitPattern: $0) } }
    }
  }

  @Test("a visit lends every tensor's own memory, not a copy of it")
  func visit() {
    var tree = Tree(RandomKey(seed: 1))
    let before = addresses(tree)
    #expect(before.count == 22)
    tree.visit { _, tensor in tensor.update { $0[0] += 1 } }
    #expect(addresses(tree) == before)
  }

  @Test("a visit leaves every layer what it was")
  func visitRestores() {
    var tree = Tree(RandomKey(seed: 1))
    let (paths, description) = (tree.leaves.map(\.leaf.path), "\(tree.sequential)")
    tree.visit { _, _ in }
    #expect(tree.leaves.map(\.leaf.path) == paths)
    #expect("\(tree.sequential)" == description)
  }

  @Test("a change of one tree leaves its copies alone")
  func copies() {
    var tree = Tree(RandomKey(seed: 1))
    let copy = tree
    let before = copy.leaves.map(\.tensor.scalars)
    tree.visit { _, tensor in tensor.update { $0[0] += 1 } }
    #expect(copy.leaves.map(\.tensor.scalars) == before)
    #expect(zip(tree.leaves, before).allSatisfy { $0.tensor.scalars != $1 })
  }

  @Test("gradient, clipping and optimiser move the parameters and their slots where they are", arguments: Optimiser.Kind.allCases)
  func steps(_ kind: Optimiser.Kind) throws {
    let optimiser = Optimiser(kind, rate: 0.1, momentum: kind == .sgd ? 0.9 : 0)
    var player = Player(Tree(RandomKey(seed: 1)), Descent(optimiser, clipping: Clipping(norm: 1)))
    func slots() -> [UInt] { player.moments.flatMap { $0.tensors.map { $0.withScalars { UInt(bitPattern: $0) } } } }
    func step() throws {
      try player.descend(pass) { tree, _ in
        Objective(loss: tree.parameterTensors.map { $0.squared().sum() }.reduce(Tensor(0), +), terms: [])
      }
    }
    let (weights, memory) = (addresses(player.network), slots())
    try step()
    #expect(slots() == memory)
    #expect(addresses(player.network) == weights)
    try step()
    #expect(slots() == memory)
    #expect(addresses(player.network) == weights)
  }
}
