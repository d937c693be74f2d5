package import Networks
package import Tensors

/// A model without weights: its network was only counted, so it takes no memory; it tells its size and can be filled.
package struct Blueprint<Family: ModelFamily>: Sendable {
  private let model: Family
  /// Numbers in the network's tensors, buffers included.
  package let scalarCount: Int

  /// Refuses a wrong configuration, and one of a network that is too large.
  package init(_ configuration: Family.Configuration, signature: Signature) throws(Fault) {
    model = try Family(configuration, signature: signature, source: .counting)
    scalarCount = try model.network.checkSize()
  }

  /// The model whose network has these tensors; nothing may be missing, left over or of another shape.
  package consuming func filled(with tensors: [String: Tensor]) throws(CheckpointMismatch) -> Family {
    var filled = model
    filled.network = try model.network.loading(tensors)
    return filled
  }
}

extension Module {
  /// How many numbers the tensors have, buffers included; refuses more than 2^28, a gigabyte of float32, also of a network that was only counted.
  @discardableResult package func checkSize() throws(Fault) -> Int {
    let sizes = leaves.map { (path: $0.leaf.path, shape: $0.tensor.shape, count: $0.tensor.shape.clampedCount) }
    let count = sizes.reduce(0) { sum, size in
      let (next, overflow) = sum.addingReportingOverflow(size.count)
      return overflow ? .max : next
    }
    guard count > 1 << 28, let largest = sizes.max(by: { $0.count < $1.count }) else { return count }
    throw Fault(
      field: "", given: "a network of \(count == .max ? "more than 2^63" : "\(count)") numbers, most in \(largest.path) of shape \(largest.shape)",
      expected: "at most \(1 << 28)")
  }
}
