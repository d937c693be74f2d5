internal import Foundation
package import Tensors

/// Named columns.
///
/// Of a positive column it is the logarithm that is scaled: model = (ln raw - offset) / scale. A count is its own model value; networks are shown
/// (ln(1 + raw) - offset) / scale. Codes of categories are their own model values, with offset 0 and scale 1.
/// In double precision raw numbers are doubles until they are in model units, and on the way back.
package struct TableSpace: ItemSpace {
  package let columns: [Column]
  package let scaling: Scaling?
  /// Marks of a missing cell; where absent those that pandas and R know, see `CSVOptions.standardMarks`.
  package let missing: [String]?
  /// Columns that tables have beside these and that nothing is learnt from.
  package let ignored: [String]?

  package enum CodingKeys: String, CodingKey, CaseIterable { case columns, scaling, missing, ignored }

  package init(_ columns: [Column], scaling: Scaling? = nil, missing: [String]? = nil, ignored: [String]? = nil) {
    self.columns = columns
    self.scaling = scaling
    self.missing = missing
    self.ignored = ignored
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    columns = try values.decodeIfPresent([Column].self, forKey: .columns) ?? []
    scaling = try values.decodeIfPresent(Scaling.self, forKey: .scaling)
    missing = try values.decodeIfPresent([String].self, forKey: .missing)
    ignored = try values.decodeIfPresent([String].self, forKey: .ignored)
  }

  package var width: Int { columns.count }
  package var shape: [Int] { [columns.count] }
  package var names: [String]? { columns.map(\.name) }
  package var summary: String { "tables of \(columns.count) columns" }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { effectiveScaling.value(at: index) }
  package func type(at index: Int) -> Column.Kind { columns[index].type }
  package func categories(at index: Int) -> [String]? { columns[index].categories }
  package func bounds(at index: Int) -> Space.Bounds { (columns[index].minimum.map { Float($0) }, columns[index].maximum.map { Float($0) }) }
  package func accepts(_ value: Float, at index: Int) -> Bool { columns[index].accepts(value) }
  package func expectation(at index: Int) -> String { columns[index].expectation }

  package func exactScaling(at index: Int) -> (offset: Double, scale: Double)? { isExact ? effectiveScaling.exactValue(at: index) : nil }

  private var effectiveScaling: Scaling { scaling ?? .none }

  /// raw = offset + scale · model of a column, in double precision whatever the raw numbers are.
  func units(at index: Int) -> (offset: Double, scale: Double) { effectiveScaling.exactValue(at: index) }

  /// Whether raw numbers are doubles.
  package var isExact: Bool { scaling?.precision == .double }

  var isOfFirstFormat: Bool { !isExact && ignored == nil && columns.allSatisfy(\.isOfFirstFormat) }

  package func toModel(_ raw: Tensor) -> Tensor {
    if isExact { return mapped(raw) { index, x in model(Double(x), at: index) } }
    let scaling = effectiveScaling
    guard hasUnitsOfItsOwn else { return scaling.toModel(raw) }
    return mapped(raw) { index, x in
      let (offset, scale) = scaling.value(at: index)
      return switch columns[index].type {
      case .real, .whole, .date: (x - offset) / scale
      case .positive: (Foundation.log(x) - offset) / scale
      case .count, .ordinal, .categorical, .binary: x
      }
    }
  }

  package func toRaw(_ model: Tensor) -> Tensor {
    if isExact { return mapped(model) { index, x in Float(raw(x, at: index)) } }
    let scaling = effectiveScaling
    guard hasUnitsOfItsOwn else { return scaling.toRaw(model) }
    return mapped(model) { index, x in
      let (offset, scale) = scaling.value(at: index)
      return switch columns[index].type {
      case .real: columns[index].bounded(offset + scale * x)
      case .whole, .date: Float(columns[index].settled(Double(offset + scale * x)))
      case .positive: columns[index].bounded(Foundation.exp(Column.exponent(offset + scale * x)))
      case .count: columns[index].bounded(x)
      case .ordinal, .categorical, .binary: x
      }
    }
  }

  /// Whether a column is more than scaled, or has bounds.
  private var hasUnitsOfItsOwn: Bool {
    columns.contains { !($0.type == .real || $0.type.isDiscrete) || $0.minimum != nil || $0.maximum != nil }
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
    if let ignored {
      for name in ignored where !names.insert(name).inserted { throw refuse("ignored", "\"\(name)\"", "names of no column, each once") }
    }
    guard let scaling else { return }
    try scaling.check(width: width, "\(field).scaling")
    for (index, column) in columns.enumerated() where column.type.isDiscrete {
      guard scaling.value(at: index) == (0, 1) else {
        throw refuse("scaling", "a scaling of \"\(column.name)\"", "offset 0 and scale 1 for a column of categories")
      }
    }
  }
}

// MARK: - Double precision

extension TableSpace {
  /// Raw rows in double precision as model rows, numbers of an item one after the other: [n, width].
  package func toModel(_ raw: UnsafeBufferPointer<Double>) -> Tensor {
    let width = width
    return Tensor(shape: [raw.count / width, width]) { y in for place in raw.indices { y[place] = model(raw[place], at: place % width) } }
  }

  /// A raw number of a column in model units; NaN where it is missing.
  package func model(_ raw: Double, at index: Int) -> Float {
    let (offset, scale) = effectiveScaling.exactValue(at: index)
    return switch columns[index].type {
    case .real, .whole, .date: Float((raw - offset) / scale)
    case .positive: Float((Foundation.log(raw) - offset) / scale)
    case .count, .ordinal, .categorical, .binary: Float(raw)
    }
  }

  /// The inverse of `model`, as a value that the column can have.
  package func raw(_ model: Float, at index: Int) -> Double {
    let (offset, scale) = effectiveScaling.exactValue(at: index)
    return switch columns[index].type {
    case .real, .whole, .date: columns[index].settled(offset + scale * Double(model))
    case .positive: columns[index].settled(Foundation.exp(Swift.min(Swift.max(offset + scale * Double(model), -708), 709)))
    case .count: columns[index].settled(Double(model))
    case .ordinal, .categorical, .binary: Double(model)
    }
  }

  /// The size of the last digit of a number that comes from a model and means something.
  package func resolution(at index: Int) -> Double {
    switch columns[index].type {
    case .real: Foundation.pow(10, Foundation.log10(effectiveScaling.exactValue(at: index).scale).rounded(.down) - 6)
    case .whole, .date, .positive, .count, .ordinal, .categorical, .binary: 0
    }
  }
}
