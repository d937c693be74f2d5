package import Tensors

/// A plain row of numbers.
package struct VectorSpace: ItemSpace {
  /// [width].
  package let shape: [Int]
  package let scaling: Scaling?

  package enum CodingKeys: String, CodingKey, CaseIterable { case shape, scaling }

  package init(_ width: Int, scaling: Scaling? = nil) {
    shape = [width]
    self.scaling = scaling
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    shape = try values.decodeIfPresent([Int].self, forKey: .shape) ?? []
    scaling = try values.decodeIfPresent(Scaling.self, forKey: .scaling)?.inSinglePrecision
  }

  package var width: Int { shape.product }
  package var names: [String]? { (0..<width).map { "x\($0)" } }
  package var summary: String { "vectors of \(width) numbers" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { effectiveScaling.value(at: index) }
  package func toModel(_ raw: Tensor) -> Tensor { effectiveScaling.toModel(raw) }
  package func toRaw(_ model: Tensor) -> Tensor { effectiveScaling.toRaw(model) }

  private var effectiveScaling: Scaling { scaling ?? .none }

  package func check(_ field: String) throws(Fault) {
    guard shape.count == 1, (1...1_000_000).contains(shape[0]) else {
      throw Fault(field: "\(field).shape", given: "\(shape)", expected: "one width from 1 to 1000000")
    }
    try scaling?.check(width: width, "\(field).scaling")
  }
}
