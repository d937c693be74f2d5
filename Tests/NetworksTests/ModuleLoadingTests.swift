import Networks
import Tensors
import Testing

@Suite struct ModuleLoadingTests {
  private let zoo = Zoo(key: RandomKey(seed: 1))
  private var checkpoint: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: Zoo(key: RandomKey(seed: 2)).leaves.map { ($0.leaf.path, $0.tensor + 3) })
  }

  @Test("Loading takes every tensor by its name, buffers too")
  func loads() throws {
    let checkpoint = checkpoint
    let loaded = try zoo.loading(checkpoint)
    #expect(loaded.leaves.count == checkpoint.count)
    for (leaf, tensor) in loaded.leaves { #expect(tensor.scalars == checkpoint[leaf.path]?.scalars) }
  }

  @Test("All that is missing, unknown or of another shape is reported at once")
  func reportsEverything() {
    var given = checkpoint
    given["trunk.0.weight"] = nil
    given["heads.1.bias"] = nil
    given["absent.weight"] = .zeros([1])
    given["zebra"] = .zeros([1])
    given["scale"] = .zeros([3])
    given["trunk.2.running_var"] = .zeros([3, 1])
    let expected: (CheckpointMismatch) -> Bool = { error in
      error.missing == ["trunk.0.weight", "heads.1.bias"] && error.unexpected == ["absent.weight", "zebra"]
        && error.reshaped.map(\.path) == ["scale", "trunk.2.running_var"] && error.reshaped.map(\.given) == [[3], [3, 1]]
        && error.reshaped.map(\.expected) == [[2], [3]]
    }
    let error = #expect(throws: CheckpointMismatch.self) { try zoo.loading(given) }
    #expect(error.map(expected) == true)
    #expect(
      error?.description
        == "missing tensors: trunk.0.weight, heads.1.bias; unknown tensors: absent.weight, zebra; "
        + "wrong shapes: scale is [3], expected [2], trunk.2.running_var is [3, 1], expected [3]")
  }

  @Test("A bias in the checkpoint of a layer without one is unknown")
  func optionalBias() {
    let layer = Linear(2, 1, bias: false, .drawing(RandomKey(seed: 1)))
    let error = #expect(throws: CheckpointMismatch.self) { try layer.loading(["weight": .zeros([1, 2]), "bias": .zeros([1])]) }
    #expect(error?.unexpected == ["bias"])
    #expect(error?.missing == [])
  }
}
