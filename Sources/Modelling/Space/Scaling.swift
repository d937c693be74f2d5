internal import Tensors

/// model = (raw - offset) / scale, one value for every number of an item or one for all.
package struct Scaling: Sendable, Hashable, Codable {
  /// In which precision raw numbers are shifted and scaled.
  package enum Precision: Sendable, Hashable {
    /// float32 throughout: of rows that come as such, and of tables in files of format 1.
    case single
    /// Raw numbers are doubles until they are in model units.
    case double
  }

  /// Under `single` every value is a float32 number.
  package let offset: [Double]
  package let scale: [Double]
  package let precision: Precision

  package init(offset: [Float], scale: [Float]) {
    (self.offset, self.scale, precision) = (offset.map(Double.init), scale.map(Double.init), .single)
  }

  package init(exactOffset offset: [Double], scale: [Double]) { (self.offset, self.scale, precision) = (offset, scale, .double) }

  /// Raw numbers are the model's own.
  static let none = Scaling(offset: [0], scale: [1])

  package func value(at index: Int) -> (offset: Float, scale: Float) {
    let value = exactValue(at: index)
    return (Float(value.offset), Float(value.scale))
  }

  package func exactValue(at index: Int) -> (offset: Double, scale: Double) {
    (offset[offset.count == 1 ? 0 : index], scale[scale.count == 1 ? 0 : index])
  }

  /// The same values as float32 numbers, as files of format 1 have them.
  ///
  /// What float32 can't hold stays, and is refused by `check`.
  var inSinglePrecision: Scaling {
    func single(_ values: [Double]) -> [Double] { values.map { Float($0).isFinite ? Double(Float($0)) : $0 } }
    return Scaling(offset: single(offset), scale: single(scale), precision: .single)
  }

  private init(offset: [Double], scale: [Double], precision: Precision) {
    (self.offset, self.scale, self.precision) = (offset, scale, precision)
  }

  // [n, width] both.
  func toModel(_ raw: Tensor) -> Tensor { (raw - Tensor(offset.map { Float($0) })) / Tensor(scale.map { Float($0) }) }
  func toRaw(_ model: Tensor) -> Tensor { model * Tensor(scale.map { Float($0) }) + Tensor(offset.map { Float($0) }) }

  /// Refuses values that are not finite, and other counts of them than an item of this width has.
  func check(width: Int, _ field: String) throws(Fault) {
    let counts = [offset.count, scale.count]
    guard counts.allSatisfy({ $0 == 1 || $0 == width }) else {
      throw Fault(field: field, given: "\(counts) values", expected: "1 or \(width)")
    }
    func holds(_ value: Double) -> Bool { precision == .double ? value.isFinite : Float(value).isFinite }
    for (part, values) in [("offset", offset), ("scale", scale)] {
      guard let index = values.firstIndex(where: { $0.isFinite && !holds($0) }) else { continue }
      throw Fault(field: "\(field).\(part)[\(index)]", given: "\(values[index])", expected: "a number that float32 can hold")
    }
    guard offset.allSatisfy(holds), scale.allSatisfy({ holds($0) && (precision == .double ? $0 > 0 : Float($0) > 0) }) else {
      throw Fault(
        field: field, given: "a value that is not finite or a scale that is not positive", expected: "finite offsets and positive scales")
    }
  }
}

// MARK: - JSON: numbers alone; the format of the file says in which precision they are meant

extension Scaling {
  private enum CodingKeys: String, CodingKey { case offset, scale }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(exactOffset: try values.decode([Double].self, forKey: .offset), scale: try values.decode([Double].self, forKey: .scale))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch precision {
    case .single:
      try values.encode(offset.map { Float($0) }, forKey: .offset)
      try values.encode(scale.map { Float($0) }, forKey: .scale)
    case .double:
      try values.encode(offset, forKey: .offset)
      try values.encode(scale, forKey: .scale)
    }
  }
}
