internal import Formats
internal import Modelling

extension CompletedTable {
  /// A column of the answer: which of the model's it is, if any, and where it stands in what was sent.
  struct ArrowPlace {
    let name: String
    let column: Int?
    let field: Int
  }

  /// The columns of the answer as Arrow has them, each of the type that it came in where every value that is filled in fits it.
  /// - Parameter index: the name of a column that numbers the completed versions of a row.
  func columns(_ places: [ArrowPlace], index: String?) -> AnswerColumns {
    let types = places.map(type)
    let fields = (index.map { [ArrowField($0, .int64)] } ?? []) + zip(places, types).map { ArrowField($0.name, $1) }
    return AnswerColumns(fields, versions: tables) { rows in
      let numbers = index.map { _ in [ArrowColumn(.integers(rows.flatMap { _ in (1...Int64(tables)) }))] } ?? []
      return numbers + zip(places, types).map { values($0, $1, rows) }
    }
  }

  private func type(of place: ArrowPlace) -> ArrowType {
    let sent: ArrowType? = if case .columns(let sent) = items.sent { sent.fields[place.field].type } else { nil }
    guard let column = place.column else { return sent?.answered ?? .utf8 }
    // The numbers of a vector are of float32.
    let own = signature.space.table?.columns[column] ?? TableSpace.Column(name: place.name, type: .real)
    let categories = own.categories ?? []
    switch sent {
    case nil, .null: return signature.space.table == nil ? .float32 : own.arrowType
    case .integer where own.type.isDiscrete: return categories.allSatisfy { Int64($0) != nil } ? .int64 : .utf8
    case .integer: return own.type == .whole ? .int64 : .float64
    case .float(let bits) where own.type.isDiscrete:
      return categories.allSatisfy { DecimalText.double($0) != nil } ? .float(bits: max(bits, 32)) : .utf8
    case .float(let bits): return .float(bits: max(bits, 32))
    case .bool: return categories.allSatisfy { ["true", "false"].contains($0.lowercased()) } ? .bool : .utf8
    case .text: return .utf8
    case .date?, .timestamp?: return sent ?? .utf8
    }
  }

  private func values(_ place: ArrowPlace, _ type: ArrowType, _ rows: Range<Int>) -> ArrowColumn {
    guard let column = place.column else { return passed(place, rows) }
    let source: (batch: ArrowColumn, type: ArrowType)? =
      if case .columns(let sent) = items.sent { (sent.batch.columns[place.field], sent.fields[place.field].type) } else { nil }
    func each<Value>(_ observed: (Int) -> Value, _ filled: (Int, Int) -> Value) -> [Value] {
      var values: [Value] = []
      values.reserveCapacity(rows.count * tables)
      for row in rows {
        for table in 0..<tables { values.append(isMissing(row, column) ? filled(table, row) : observed(row)) }
      }
      return values
    }
    let own = written(column)
    func number(_ table: Int, _ row: Int) -> Double {
      let text = text(table, row, column)
      return own?.type.isDiscrete == true ? DecimalText.double(text) ?? .nan : own?.number(of: text) ?? DecimalText.double(text) ?? .nan
    }
    switch type {
    case .integer:
      let integers: [Int64] = if case .integers(let integers)? = source?.batch.values { integers } else { [] }
      return ArrowColumn(
        .integers(
          each({ integers.isEmpty ? TableSpace.Column.whole(observed($0, column, place)) : integers[$0] }) {
            TableSpace.Column.whole(number($0, $1))
          }))
    case .float(32):
      let floats: [Float] = if case .floats(let floats)? = source?.batch.values { floats } else { [] }
      return ArrowColumn(.floats(each({ floats.isEmpty ? sent[$0 * width + column] : floats[$0] }) { Float(number($0, $1)) }))
    case .float:
      let doubles: [Double] = if case .doubles(let doubles)? = source?.batch.values { doubles } else { [] }
      return ArrowColumn(.doubles(each({ doubles.isEmpty ? observed($0, column, place) : doubles[$0] }, number)))
    case .bool:
      let bools: [Bool] = if case .bools(let bools)? = source?.batch.values { bools } else { [] }
      return ArrowColumn(.bools(each({ bools[$0] }) { text($0, $1, column).lowercased() == "true" }))
    case .text: return ArrowColumn(.texts(each({ observedText($0, column, place) }) { text($0, $1, column) }))
    case .date, .timestamp:
      let days: [Int64] = if case .integers(let days)? = source?.batch.values { days } else { [] }
      let unit = own?.dates?.unit ?? .days
      return ArrowColumn(
        .integers(
          each({ days.isEmpty ? type.value(ofDay: observed($0, column, place), in: unit) : days[$0] }) {
            type.value(ofDay: value($0, $1, column), in: unit)
          }))
    case .null: preconditionFailure("a column of the model has values")
    }
  }

  /// An observed cell as a number.
  private func observed(_ row: Int, _ column: Int, _ place: ArrowPlace) -> Double {
    switch items.sent {
    case .records(let sent):
      let text = sent.records[row].fields[place.field].value
      return written(column)?.number(of: text) ?? DecimalText.double(text) ?? .nan
    case .objects(let rows):
      // It was read once and refused nothing.
      return rows[row][place.name].flatMap { try? cells.number($0, at: column, field: place.name) } ?? .nan
    case .columns(let sent): return sent.number(row, place.field)
    case nil: return NPY.double(self.sent[row * width + column])
    }
  }

  private func observedText(_ row: Int, _ column: Int, _ place: ArrowPlace) -> String {
    switch items.sent {
    case .records(let sent): sent.records[row].fields[place.field].value
    case .objects(let rows): rows[row][place.name].map(Self.text) ?? ""
    case .columns(let sent): sent.text(row, place.field, as: written(column))
    case nil: signature.space.categories(at: column)?[Int(sent[row * width + column])] ?? ""
    }
  }

  /// A column that the model leaves out, as it was sent.
  private func passed(_ place: ArrowPlace, _ rows: Range<Int>) -> ArrowColumn {
    func texts(_ text: (Int) -> String?) -> ArrowColumn {
      let texts = rows.flatMap { row in [String?](repeating: text(row), count: tables) }
      return ArrowColumn(.texts(texts.map { $0 ?? "" }), nulls: texts.map { $0 == nil })
    }
    switch items.sent {
    case .columns(let sent):
      let own = sent.batch.columns[place.field]
      return tables == 1 ? own.rows(rows) : own.repeated(rows, times: tables)
    case .records(let sent):
      return texts { row in sent.records[row].fields[place.field].raw.isEmpty ? nil : sent.records[row].fields[place.field].value }
    case .objects(let sent):
      return texts { row in sent[row][place.name].flatMap { $0 == .null ? nil : Self.text($0) } }
    case nil: preconditionFailure("numbers alone have no columns beside the model's")
    }
  }
}

extension ArrowType {
  /// The type in which a column comes back that the model leaves out: small and unsigned ones are wider then, and texts have places of 32 bits.
  fileprivate var answered: ArrowType {
    switch self {
    case .integer(32, isSigned: true), .integer(64, isSigned: true), .null, .bool, .date, .timestamp: self
    case .integer: .int64
    case .float(let bits): .float(bits: max(bits, 32))
    case .text: .utf8
    }
  }
}

// MARK: - Cells as they were sent

extension SentColumns {
  /// A cell as a file would have it; empty where there is none.
  /// - Parameter column: the model's, where it has it.
  func text(_ row: Int, _ place: Int, as column: TableSpace.Column?) -> String {
    let (values, type) = (batch.columns[place], fields[place].type)
    guard !values.isNull(row) else { return "" }
    switch (values.values, type) {
    case (.nulls, _): return ""
    case (.integers(let days), .date), (.integers(let days), .timestamp):
      guard let column, let number = column.number(ofDay: days[row], type) else { return type.text(ofDay: days[row]) }
      return column.text(number)
    case (.integers(let integers), _): return "\(integers[row])"
    case (.floats(let floats), _): return FloatText.text(floats[row], missing: "")
    case (.doubles(let doubles), _): return doubles[row].isNaN ? "" : NumberForm.plainText(doubles[row])
    case (.bools(let bools), _): return "\(bools[row])"
    case (.texts(let texts), _): return texts[row]
    }
  }

  func json(_ row: Int, _ place: Int, as column: TableSpace.Column?) -> JSONValue {
    let (values, type) = (batch.columns[place], fields[place].type)
    guard !values.isNull(row) else { return .null }
    switch (values.values, type) {
    case (.nulls, _): return .null
    case (.integers, .date), (.integers, .timestamp): return .string(text(row, place, as: column))
    case (.integers(let integers), _): return .integer(Int(integers[row]))
    case (.floats(let floats), _): return .float(floats[row])
    case (.doubles(let doubles), _): return .number(doubles[row])
    case (.bools(let bools), _): return .bool(bools[row])
    case (.texts(let texts), _): return .string(texts[row])
    }
  }

  /// The number of a cell that has one.
  fileprivate func number(_ row: Int, _ place: Int) -> Double {
    switch batch.columns[place].values {
    case .integers(let integers): Double(integers[row])
    case .floats(let floats): NPY.double(floats[row])
    case .doubles(let doubles): doubles[row]
    case .nulls, .bools, .texts: .nan
    }
  }
}
