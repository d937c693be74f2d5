internal import Formats
package import Tensors

/// Pixels of one size; models see channels first, clients last.
package struct ImageSpace: ItemSpace {
  /// [height, width] or [height, width, channels] as the client sees them.
  package let shape: [Int]
  /// The smallest and largest raw value of a pixel; they become 0 and 1 unless `scaling` says otherwise.
  package let range: [Float]
  package let scaling: Scaling?

  package enum CodingKeys: String, CodingKey, CaseIterable { case shape, range, scaling }

  package init(height: Int, width: Int, channels: Int = 1, range: ClosedRange<Float> = 0...255) {
    shape = channels == 1 ? [height, width] : [height, width, channels]
    self.range = [range.lowerBound, range.upperBound]
    scaling = nil
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    // What is missing is refused with what is wrong, by `check`.
    shape = try values.decodeIfPresent([Int].self, forKey: .shape) ?? []
    range = try values.decodeIfPresent([Float].self, forKey: .range) ?? []
    scaling = try values.decodeIfPresent(Scaling.self, forKey: .scaling)?.inSinglePrecision
  }

  package var picture: Picture {
    Picture(height: shape[0], width: shape[1], channels: shape.count == 3 ? shape[2] : 1, range: range[0]...range[1])
  }

  package var width: Int { shape.product }
  package var summary: String { "images of shape \(shape)" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { effectiveScaling.value(at: index) }
  package func bounds(at index: Int) -> Space.Bounds { (range[0], range[1]) }
  package func accepts(_ value: Float, at index: Int) -> Bool { value >= range[0] && value <= range[1] }
  package func expectation(at index: Int) -> String { "a number from \(FloatText.text(range[0])) to \(FloatText.text(range[1]))" }
  package func toModel(_ raw: Tensor) -> Tensor { channelsFirst(effectiveScaling.toModel(raw)) }
  package func toRaw(_ model: Tensor) -> Tensor { effectiveScaling.toRaw(channelsLast(model)) }

  private var effectiveScaling: Scaling { scaling ?? Scaling(offset: [range[0]], scale: [range[1] - range[0]]) }

  private func channelsFirst(_ rows: Tensor) -> Tensor {
    guard shape.count == 3, shape[2] > 1 else { return rows }
    return rows.reshaped([rows.shape[0], shape[0], shape[1], shape[2]]).transposed([0, 3, 1, 2]).reshaped(rows.shape)
  }

  private func channelsLast(_ rows: Tensor) -> Tensor {
    guard shape.count == 3, shape[2] > 1 else { return rows }
    return rows.reshaped([rows.shape[0], shape[2], shape[0], shape[1]]).transposed([0, 2, 3, 1]).reshaped(rows.shape)
  }

  package func check(_ field: String) throws(Fault) {
    func refuse(_ part: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "\(field).\(part)", given: given, expected: expected)
    }
    guard (2...3).contains(shape.count), shape.allSatisfy({ (1...4096).contains($0) }) else {
      throw refuse("shape", "\(shape)", "[height, width] or [height, width, channels], each from 1 to 4096")
    }
    guard shape.count == 2 || shape[2] == 3 || shape[2] == 1 else { throw refuse("shape[2]", "\(shape[2])", "1 or 3 channels") }
    guard range.count == 2, range.allSatisfy(\.isFinite), range[0] < range[1] else {
      throw refuse("range", "\(range)", "two numbers, the smaller first")
    }
    guard (range[1] - range[0]).isFinite else { throw refuse("range", "\(range)", "a width that float32 can hold") }
    try checkWidth(width, "\(field).shape")
    try scaling?.check(width: width, "\(field).scaling")
  }
}
