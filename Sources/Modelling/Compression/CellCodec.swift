package import Coding

/// One cell of a table: its place on the column's grid, or the code of its category.
package enum CellCodec: Codec {
  case normal(DiscretisedNormal)
  case listed(ListedNormal)
  case count(Coding.NegativeBinomial)
  case category(CategoricalRows)

  package func push(_ symbol: Int, onto message: inout Message) throws(CodingError) {
    switch self {
    case .normal(let codec): try codec.push(symbol, onto: &message)
    case .listed(let codec): try codec.push(symbol, onto: &message)
    case .count(let codec): try codec.push([symbol], onto: &message)
    case .category(let codec): try codec.push([symbol], onto: &message)
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Int {
    switch self {
    case .normal(let codec): try codec.pop(from: &message)
    case .listed(let codec): try codec.pop(from: &message)
    case .count(let codec): try codec.pop(from: &message)[0]
    case .category(let codec): try codec.pop(from: &message)[0]
    }
  }
}

/// How the cells of a column are coded.
enum CellKind: Sendable {
  /// Nothing is observed, or one value.
  case none
  case number(DiscretisedNormal.Grid)
  case listed(ListedNormal.List)
  /// Counts that are few enough for a weight each.
  case count(Coding.NegativeBinomial.Grid)
  case category(Int)

  init(_ numbers: ColumnNumbers?, _ index: Int, of space: TableSpace) throws(CodingError) {
    let column = space.columns[index]
    guard !column.type.isDiscrete else {
      let count = column.categories?.count ?? 0
      self = count > 1 ? .category(count) : .none
      return
    }
    guard let numbers, numbers.count > 1 else {
      self = .none
      return
    }
    let units = try Self.units(index, of: space)
    if let list = numbers.list {
      self = .listed(try ListedNormal.List(list.indices.map(numbers.value), counts: list.map(\.count), units: units))
    } else if column.type == .count, let counts = Self.counts(numbers.grid) {
      self = .count(counts)
    } else {
      let grid = numbers.grid
      self = .number(try .init(first: grid.value(0), step: Double(grid.step) * grid.unit, count: grid.count, units: units))
    }
  }

  private static func units(_ index: Int, of space: TableSpace) throws(CodingError) -> NumberUnits {
    let (offset, scale) = space.units(at: index)
    return switch space.columns[index].type {
    case .count: try NumberUnits(.logarithmOfOneMore)
    case .positive: try NumberUnits(.logarithm, offset: offset, scale: scale)
    case .real, .whole, .date, .ordinal, .categorical, .binary: try NumberUnits(.linear, offset: offset, scale: scale)
    }
  }

  private static func counts(_ grid: NumberGrid) -> Coding.NegativeBinomial.Grid? {
    let (first, last) = (grid.value(0), grid.value(grid.count - 1))
    guard first >= 0, last - first < Double(Coding.NegativeBinomial.Grid.longest) else { return nil }
    let step = grid.count > 1 ? Int(grid.value(1) - first) : 1
    do { return try Coding.NegativeBinomial.Grid(first: Int(first), step: step, count: grid.count) } catch { return nil }
  }

  /// - Returns: nil where nothing has to be coded.
  func codec(_ distribution: CellDistribution) throws(CodingError) -> CellCodec? {
    switch (self, distribution) {
    case (.none, _): return nil
    case (.number(let grid), .normal(let mean, let deviation)):
      return .normal(try DiscretisedNormal(grid: grid, mean: Double(mean), deviation: Double(deviation)))
    case (.listed(let list), .normal(let mean, let deviation)):
      return .listed(try ListedNormal(list: list, mean: Double(mean), deviation: Double(deviation)))
    case (.number(let grid), .count(let mean, let dispersion)):
      let (mean, deviation) = try NumberUnits.logarithm(countMean: Double(mean), dispersion: Double(dispersion))
      return .normal(try DiscretisedNormal(grid: grid, mean: mean, deviation: deviation))
    case (.listed(let list), .count(let mean, let dispersion)):
      let (mean, deviation) = try NumberUnits.logarithm(countMean: Double(mean), dispersion: Double(dispersion))
      return .listed(try ListedNormal(list: list, mean: mean, deviation: deviation))
    case (.count(let grid), .count(let mean, let dispersion)):
      return .count(try Coding.NegativeBinomial(grid: grid, means: [mean], dispersions: [dispersion]))
    case (.category(let count), .category(let logits)) where count == logits.count:
      return .category(try CategoricalRows(logits: logits, alphabet: count))
    case (.count, _), (.category, _), (.number, .category), (.listed, .category):
      throw CodingError(.parameter, "distribution", given: "\(distribution)", expected: "one of the kind of the column")
    }
  }
}
