package import Networks
package import Tensors

/// Numbers kept beside every trained parameter of a network, in its order and under its paths, such as the first moments of Adam.
package struct ParameterSlots: Module {
  private let paths: [String]
  package var tensors: [Tensor]

  /// Zeros in the shapes of the parameters, each with memory of its own, so that the first step needn't part them.
  package init(for network: some Module) {
    let trained = network.leaves.filter(\.leaf.isTrainable)
    paths = trained.map(\.leaf.path)
    tensors = trained.map { .zeros($0.tensor.shape) }
  }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    for (index, own) in paths.enumerated() { body(Leaf(path: path.appendingName(own), isTrainable: false), &tensors[index]) }
  }

  /// Hands over a tensor, which then has one owner; `put` gives it back.
  mutating func take(_ place: Int) -> Tensor {
    var taken = Tensor([])
    swap(&taken, &tensors[place])
    return taken
  }

  mutating func put(_ tensor: Tensor, at place: Int) { tensors[place] = tensor }
}

/// A count in the tree of tensors: two numbers, because one float counts to 2^24 alone.
package struct StepCount: Module {
  package var value = 0

  package init() {}

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    var tensor = Tensor([Float(value >> 24), Float(value & 0xff_ffff)])
    body(Leaf(path: path, isTrainable: false), &tensor)
    let parts = tensor.scalars.map { Int(exactly: $0) ?? 0 }
    value = parts.count == 2 && parts.allSatisfy { (0...0xff_ffff).contains($0) } ? parts[0] << 24 | parts[1] : 0
  }
}
