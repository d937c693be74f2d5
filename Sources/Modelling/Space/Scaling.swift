internal import Tensors

/// model = (raw - offset) / scale, one value for every number of an item or one for all.
package struct Scaling: Sendable, Hashable, Codable {
  package let offset: [Float]
  package let scale: [Float]

  package init(offset: [Float], scale: [Float]) {
    self.offset = offset
    self.scale = scale
  }

  /// Raw numbers are the model's own.
  static let none = Scaling(offset: [0], scale: [1])

  package func value(at index: Int) -> (offset: Float, scale: Float) {
    (offset[offset.count == 1 ? 0 : index], scale[scale.count == 1 ? 0 : index])
  }

  // [n, width] both.
  func toModel(_ raw: Tensor) -> Tensor { (raw - Tensor(offset)) / Tensor(scale) }
  func toRaw(_ model: Tensor) -> Tensor { model * Tensor(scale) + Tensor(offset) }

  /// Refuses values that are not finite, and other counts of them than an item of this width has.
  func check(width: Int, _ field: String) throws(Fault) {
    let counts = [offset.count, scale.count]
    guard counts.allSatisfy({ $0 == 1 || $0 == width }) else {
      throw Fault(field: field, given: "\(counts) values", expected: "1 or \(width)")
    }
    guard offset.allSatisfy(\.isFinite), scale.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw Fault(
        field: field, given: "a value that is not finite or a scale that is not positive", expected: "finite offsets and positive scales")
    }
  }
}
