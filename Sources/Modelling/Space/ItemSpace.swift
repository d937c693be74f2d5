internal import Foundation
package import Tensors

/// What all kinds of spaces say of their items; `index` is the place of a number among those of an item.
package protocol ItemSpace: Codable, Hashable, Sendable {
  /// The members that it has in JSON.
  associatedtype CodingKeys: CodingKey, CaseIterable

  /// Numbers an item; where lengths differ, those of the longest.
  var width: Int { get }
  /// Extents of one item in answers.
  var shape: [Int] { get }
  /// Names of an item's numbers; nil where their place is all that tells them apart.
  var names: [String]? { get }
  /// What items are, for sentences: "images of shape [28, 28]".
  var summary: String { get }

  /// How raw numbers become model numbers, where it was said.
  var scaling: Scaling? { get }
  /// Of a score in bits a number of an item.
  var bitsName: String { get }

  /// raw = offset + scale · model.
  func scaling(at index: Int) -> (offset: Float, scale: Float)
  /// The same in double precision; nil where raw numbers are float32.
  func exactScaling(at index: Int) -> (offset: Double, scale: Double)?
  func type(at index: Int) -> TableSpace.Column.Kind
  /// Names of the values 0, 1, ... where a number is one of categories.
  func categories(at index: Int) -> [String]?
  func bounds(at index: Int) -> Space.Bounds

  /// Whether a number that is not missing is a raw value of this space.
  func accepts(_ value: Float, at index: Int) -> Bool
  /// What `accepts` takes, for sentences.
  func expectation(at index: Int) -> String
  /// The first number of raw rows that is there and not accepted, counted over all rows; raw: [n, width].
  func firstRefused(in raw: Tensor) -> Int?

  /// Raw rows as clients send them -> model rows: [n, width] both.
  func toModel(_ raw: Tensor) -> Tensor
  /// The inverse of `toModel`; numbers beyond a bound become the bound.
  func toRaw(_ model: Tensor) -> Tensor

  /// Σ ln scale over an item: what a density in model units loses to become one in raw units.
  var logVolume: Float { get }
  /// ln |d raw / d model| of every number, for densities of single numbers; 0 of what is counted and of what is missing: [n, width] both.
  func logVolumes(_ model: Tensor) -> Tensor

  /// Refuses a space that describes no item; `field` is where it stands.
  func check(_ field: String) throws(Fault)
}

// What holds unless a kind says otherwise.
extension ItemSpace {
  package var names: [String]? { nil }
  package var scaling: Scaling? { nil }
  package var bitsName: String { "bits_per_dim" }
  package func exactScaling(at index: Int) -> (offset: Double, scale: Double)? { nil }
  package func type(at index: Int) -> TableSpace.Column.Kind { .real }
  package func categories(at index: Int) -> [String]? { nil }
  package func bounds(at index: Int) -> Space.Bounds { (nil, nil) }
  package func accepts(_ value: Float, at index: Int) -> Bool { value.isFinite }
  package func expectation(at index: Int) -> String { "a finite number" }

  package func firstRefused(in raw: Tensor) -> Int? {
    let width = width
    return raw.withScalars { x in (0..<raw.count).first { !x[$0].isNaN && !accepts(x[$0], at: $0 % width) } }
  }

  package var logVolume: Float {
    Float((0..<width).reduce(0.0) { $0 + Foundation.log(exactScaling(at: $1)?.scale ?? Double(scaling(at: $1).scale)) })
  }

  /// ln scale of a real number, ln scale + ln raw of a positive one.
  package func logVolumes(_ model: Tensor) -> Tensor {
    let cells = (0..<width).map { index -> (constant: Float, slope: Float) in
      let (offset, scale) = scaling(at: index)
      switch type(at: index) {
      case .real, .whole, .date: return (exactScaling(at: index).map { Float(Foundation.log($0.scale)) } ?? Foundation.log(scale), 0)
      // ln raw = offset + scale · model
      case .positive: return (Foundation.log(scale) + offset, scale)
      case .count, .ordinal, .categorical, .binary: return (0, 0)
      }
    }
    return mapped(model) { index, x in x.isNaN ? 0 : cells[index].constant + (cells[index].slope == 0 ? 0 : cells[index].slope * x) }
  }

  /// Every number by a function of it and its place in its item; rows: [n, width].
  func mapped(_ rows: Tensor, _ change: (Int, Float) -> Float) -> Tensor {
    let width = width
    return Tensor(shape: rows.shape) { y in
      rows.withScalars { x in
        for row in 0..<rows.shape[0] { for column in 0..<width { y[row * width + column] = change(column, x[row * width + column]) } }
      }
    }
  }
}

/// Refuses more numbers than an item may have, before anything is made of them.
func checkWidth(_ width: Int, _ field: String) throws(Fault) {
  guard width <= 16_000_000 else { throw Fault(field: field, given: "\(width) numbers an item", expected: "at most 16000000") }
}

extension [Int] {
  /// The product of some extents; the largest integer where it is larger.
  var product: Int {
    reduce(1) { product, extent in
      let (value, isTooLarge) = product.multipliedReportingOverflow(by: extent)
      return isTooLarge ? .max : value
    }
  }
}
