internal import Foundation
package import Tensors

/// Named columns.
///
/// Of a positive column it is the logarithm that is scaled: model = (ln raw - offset) / scale. A count is its own model value; networks are shown
/// (ln(1 + raw) - offset) / scale. Codes of categories are their own model values, with offset 0 and scale 1.
package struct TableSpace: ItemSpace {
  package let columns: [Column]
  package let scaling: Scaling?
  /// Marks of a missing cell in CSV; where absent "", NA, NaN, nan, ? and null.
  package let missing: [String]?

  package enum CodingKeys: String, CodingKey, CaseIterable { case columns, scaling, missing }

  package init(_ columns: [Column], scaling: Scaling? = nil, missing: [String]? = nil) {
    self.columns = columns
    self.scaling = scaling
    self.missing = missing
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    columns = try values.decodeIfPresent([Column].self, forKey: .columns) ?? []
    scaling = try values.decodeIfPresent(Scaling.self, forKey: .scaling)
    missing = try values.decodeIfPresent([String].self, forKey: .missing)
  }

  package var width: Int { columns.count }
  package var shape: [Int] { [columns.count] }
  package var names: [String]? { columns.map(\.name) }
  package var summary: String { "tables of \(columns.count) columns" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { effectiveScaling.value(at: index) }
  package func type(at index: Int) -> Column.Kind { columns[index].type }
  package func categories(at index: Int) -> [String]? { columns[index].categories }
  package func bounds(at index: Int) -> Space.Bounds { (columns[index].minimum, columns[index].maximum) }
  package func accepts(_ value: Float, at index: Int) -> Bool { columns[index].accepts(value) }
  package func expectation(at index: Int) -> String { columns[index].expectation }

  private var effectiveScaling: Scaling { scaling ?? .none }

  package func toModel(_ raw: Tensor) -> Tensor {
    let scaling = effectiveScaling
    guard hasUnitsOfItsOwn else { return scaling.toModel(raw) }
    return mapped(raw) { index, x in
      let (offset, scale) = scaling.value(at: index)
      return switch columns[index].type {
      case .real: (x - offset) / scale
      case .positive: (Foundation.log(x) - offset) / scale
      case .count, .ordinal, .categorical, .binary: x
      }
    }
  }

  package func toRaw(_ model: Tensor) -> Tensor {
    let scaling = effectiveScaling
    guard hasUnitsOfItsOwn else { return scaling.toRaw(model) }
    return mapped(model) { index, x in
      let (offset, scale) = scaling.value(at: index)
      return switch columns[index].type {
      case .real: columns[index].bounded(offset + scale * x)
      case .positive: columns[index].bounded(Foundation.exp(Column.exponent(offset + scale * x)))
      case .count: columns[index].bounded(x)
      case .ordinal, .categorical, .binary: x
      }
    }
  }

  /// Whether a column is more than scaled, or has bounds.
  private var hasUnitsOfItsOwn: Bool {
    columns.contains { $0.type == .positive || $0.type == .count || $0.minimum != nil || $0.maximum != nil }
  }

  package func check(_ field: String) throws(Fault) {
    func refuse(_ part: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "\(field).\(part)", given: given, expected: expected)
    }
    guard (1...100_000).contains(columns.count) else { throw refuse("columns", "\(columns.count)", "from 1 to 100000 columns") }
    var names: Set<String> = []
    for column in columns where !names.insert(column.name).inserted { throw refuse("columns", "\"\(column.name)\" twice", "names that differ") }
    for (index, column) in columns.enumerated() { try column.check("\(field).columns[\(index)]") }
    if let missing, missing.isEmpty || missing.count > 1000 { throw refuse("missing", "\(missing.count) marks", "1 to 1000") }
    guard let scaling else { return }
    try scaling.check(width: width, "\(field).scaling")
    for (index, column) in columns.enumerated() where column.type.isDiscrete {
      guard scaling.value(at: index) == (0, 1) else {
        throw refuse("scaling", "a scaling of \"\(column.name)\"", "offset 0 and scale 1 for a column of categories")
      }
    }
  }
}
