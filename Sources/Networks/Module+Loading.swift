package import Tensors

/// Everything in which a set of named tensors differs from what a module needs, in one error.
package struct CheckpointMismatch: Error, Equatable, CustomStringConvertible {
  package struct Reshaped: Sendable, Equatable {
    package let path: String
    package let given: Shape
    package let expected: Shape
  }
  package var missing: [String] = []
  package var unexpected: [String] = []
  package var reshaped: [Reshaped] = []

  package var description: String {
    var parts: [String] = []
    if !missing.isEmpty { parts.append("missing tensors: " + missing.joined(separator: ", ")) }
    if !unexpected.isEmpty { parts.append("unknown tensors: " + unexpected.joined(separator: ", ")) }
    if !reshaped.isEmpty {
      parts.append("wrong shapes: " + reshaped.map { "\($0.path) is \($0.given), expected \($0.expected)" }.joined(separator: ", "))
    }
    return parts.joined(separator: "; ")
  }
}

extension Module {
  /// This module with every tensor taken from `tensors` by its path; nothing may be missing, left over or of another shape.
  package func loading(_ tensors: [String: Tensor]) throws(CheckpointMismatch) -> Self {
    var mismatch = CheckpointMismatch()
    var left = tensors
    let loaded = mapping { leaf, own in
      guard let given = left.removeValue(forKey: leaf.path) else {
        mismatch.missing.append(leaf.path)
        return own
      }
      if given.shape != own.shape {
        mismatch.reshaped.append(CheckpointMismatch.Reshaped(path: leaf.path, given: given.shape, expected: own.shape))
      }
      return given
    }
    mismatch.unexpected = left.keys.sorted()
    if mismatch != CheckpointMismatch() { throw mismatch }
    return loaded
  }
}
