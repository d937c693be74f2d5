/// Values of some rows of a column.
package struct ArrowColumn: Sendable, Equatable {
  /// What stands in a row that has no value means nothing.
  package enum Values: Sendable, Equatable {
    case nulls(Int)
    /// Also days and times.
    case integers([Int64])
    case floats([Float])
    case doubles([Double])
    case bools([Bool])
    case texts([String])
  }

  package private(set) var values: Values
  /// Whether a row has no value; empty where every row has one.
  package private(set) var nulls: [Bool]

  /// - Parameter nulls: one a row, or none.
  package init(_ values: Values, nulls: [Bool] = []) {
    (self.values, self.nulls) = (values, nulls.contains(true) ? nulls : [])
    precondition(nulls.isEmpty || nulls.count == count, "\(nulls.count) marks of \(count) rows")
  }

  package var count: Int {
    switch values {
    case .nulls(let count): count
    case .integers(let values): values.count
    case .floats(let values): values.count
    case .doubles(let values): values.count
    case .bools(let values): values.count
    case .texts(let values): values.count
    }
  }

  package func isNull(_ row: Int) -> Bool { if case .nulls = values { true } else { !nulls.isEmpty && nulls[row] } }

  var textBytes: Int { if case .texts(let texts) = values { texts.reduce(0) { $0 + $1.utf8.count } } else { 0 } }

  package func rows(_ range: Range<Int>) -> ArrowColumn { repeated(range, times: 1) }

  /// Some rows, each so many times.
  package func repeated(_ range: Range<Int>, times: Int) -> ArrowColumn {
    func each<Value>(_ values: [Value]) -> [Value] { values.isEmpty ? [] : range.flatMap { repeatElement(values[$0], count: times) } }
    let values: Values =
      switch self.values {
      case .nulls: .nulls(range.count * times)
      case .integers(let values): .integers(each(values))
      case .floats(let values): .floats(each(values))
      case .doubles(let values): .doubles(each(values))
      case .bools(let values): .bools(each(values))
      case .texts(let values): .texts(each(values))
      }
    return ArrowColumn(values, nulls: each(nulls))
  }

  /// Rows of the same column, below these.
  package mutating func append(_ other: ArrowColumn) {
    if !nulls.isEmpty || !other.nulls.isEmpty {
      let own = nulls.isEmpty ? [Bool](repeating: false, count: count) : nulls
      nulls = own + (other.nulls.isEmpty ? [Bool](repeating: false, count: other.count) : other.nulls)
    }
    switch (values, other.values) {
    case (.nulls(let count), .nulls(let more)): values = .nulls(count + more)
    case (.integers(var own), .integers(let more)):
      values = .nulls(0)
      own += more
      values = .integers(own)
    case (.floats(var own), .floats(let more)):
      values = .nulls(0)
      own += more
      values = .floats(own)
    case (.doubles(var own), .doubles(let more)):
      values = .nulls(0)
      own += more
      values = .doubles(own)
    case (.bools(var own), .bools(let more)):
      values = .nulls(0)
      own += more
      values = .bools(own)
    case (.texts(var own), .texts(let more)):
      values = .nulls(0)
      own += more
      values = .texts(own)
    case (.nulls, _), (.integers, _), (.floats, _), (.doubles, _), (.bools, _), (.texts, _): preconditionFailure("rows of columns that differ")
    }
  }

  /// A column of float32, NaN being no value.
  package static func floats(_ values: [Float]) -> ArrowColumn { ArrowColumn(.floats(values), nulls: values.map(\.isNaN)) }

  /// The same of float64.
  package static func doubles(_ values: [Double]) -> ArrowColumn { ArrowColumn(.doubles(values), nulls: values.map(\.isNaN)) }
}

/// Some rows of a table.
package struct ArrowBatch: Sendable, Equatable {
  package private(set) var count: Int
  package private(set) var columns: [ArrowColumn]

  package init(count: Int, columns: [ArrowColumn]) {
    precondition(columns.allSatisfy { $0.count == count }, "columns of other lengths than \(count)")
    (self.count, self.columns) = (count, columns)
  }

  package func rows(_ range: Range<Int>) -> ArrowBatch { ArrowBatch(count: range.count, columns: columns.map { $0.rows(range) }) }

  /// Rows of the same table, below these.
  package mutating func append(_ other: ArrowBatch) {
    precondition(columns.count == other.columns.count, "rows of tables that differ")
    for index in columns.indices { columns[index].append(other.columns[index]) }
    count += other.count
  }
}
