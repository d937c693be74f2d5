internal import Formats
internal import Modelling
internal import Tensors

/// Rows given back with their missing cells filled in; every observed cell stays what the client sent.
struct CompletedTable: Sendable {
  let items: Items
  let signature: Signature
  /// Of every row its completed versions one after the other, of `Signature.answered`, and what else was found of it: [n, rowWidth]. Of what was
  /// observed nothing is read here.
  let rows: [Float]
  let rowWidth: Int
  /// Completed versions.
  let tables: Int
  let cells: JSONCells
  let sent: [Float]

  init(items: Items, signature: Signature, rows: Tensor, tables: Int) {
    (self.items, self.signature, self.tables, cells) = (items, signature, tables, JSONCells(signature))
    (self.rows, rowWidth, sent) = (rows.scalars, rows.shape[1], items.raw.scalars)
  }

  var width: Int { signature.width }

  /// A column as the table that was sent writes it; nil where nothing but numbers was.
  func written(_ column: Int) -> TableSpace.Column? {
    switch items.sent {
    case .records(let sent): sent.columns[column]
    case .columns(let sent): sent.columns[column]
    case .objects, nil: signature.space.table?.columns[column]
    }
  }

  func isMissing(_ row: Int, _ column: Int) -> Bool { sent[row * width + column].isNaN }

  /// A filled-in value in raw units.
  func value(_ table: Int, _ row: Int, _ column: Int) -> Double {
    let value = rows[row * rowWidth + table * width + column]
    guard let space = signature.space.table, space.isExact else { return Double(value) }
    return space.raw(value, at: column)
  }

  /// A filled-in cell: the name of a category, a number, or a day.
  private func cell(_ table: Int, _ row: Int, _ column: Int, like example: JSONValue?) -> JSONValue {
    let value = value(table, row, column)
    if let own = written(column), own.type == .date, signature.space.table?.isExact == true { return .string(own.text(value)) }
    guard items.isAnsweredAsBefore, let categories = signature.space.categories(at: column) else {
      return cells.value(value, at: column, like: example)
    }
    return .string(categories[Int(value)])
  }

  /// The same as a cell of a file has it.
  func text(_ table: Int, _ row: Int, _ column: Int) -> String {
    let value = value(table, row, column)
    guard let own = written(column) else { return FloatText.text(Float(value)) }
    guard let space = signature.space.table, space.isExact || own.type.isDiscrete else {
      let text = FloatText.text(Float(value))
      return own.form.map { $0.text(Double(text) ?? value) } ?? text
    }
    return own.text(value, resolution: space.isExact ? space.resolution(at: column) : 0)
  }

  static func text(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return String(decoding: value.text, as: UTF8.self)
  }

  /// A whole row in raw units.
  func numbers(of table: Int, _ row: Int) -> ArraySlice<Float> {
    let start = (table * items.count + row) * width
    return numbers(start..<start + width)
  }

  /// Some of all rows in raw units: [tables, n, width].
  func numbers(_ places: Range<Int>) -> ArraySlice<Float> {
    let count = items.count
    return ArraySlice(
      places.map { place in
        let observed = sent[place % sent.count]
        guard observed.isNaN else { return observed }
        return Float(value(place / (count * width), place / width % count, place % width))
      })
  }

  // MARK: JSON

  /// One completed table: objects where the client sent named cells, and numbers, categories as their codes, where it sent numbers.
  func json(_ table: Int) -> JSONDocument {
    let columns = columnNumbers
    switch items.sent {
    case .objects(let rows):
      let examples = examples(rows)
      return .list(
        JSONList(count: rows.count, weight: 2 * width) { row in
          guard case .object(let members) = rows[row] else { preconditionFailure("rows were read as objects") }
          return .object(
            members.map { member in
              guard let column = columns[member.name], isMissing(row, column) else { return member }
              return JSONValue.Member(name: member.name, value: cell(table, row, column, like: examples[column]))
            })
        })
    case .records(let sent):
      return .list(
        JSONList(count: sent.records.count, weight: 2 * width) { row in
          .object(
            zip(sent.header, sent.records[row].fields).compactMap { name, field in
              guard let column = columns[name] else {
                return items.isAnsweredAsBefore ? nil : JSONValue.Member(name: name, value: .string(field.value))
              }
              return JSONValue.Member(
                name: name, value: isMissing(row, column) ? cell(table, row, column, like: nil) : observed(field, column: column))
            })
        })
    case .columns(let sent):
      return .list(
        JSONList(count: items.count, weight: 2 * width) { row in
          .object(
            sent.fields.enumerated().map { place, field in
              let column = columns[field.name]
              let isFilled = column.map { isMissing(row, $0) } ?? false
              let value = column.flatMap { isFilled ? cell(table, row, $0, like: nil) : nil } ?? sent.json(row, place, as: column.flatMap(written))
              return JSONValue.Member(name: field.name, value: value)
            })
        })
    case nil:
      return .list(JSONList(count: items.count, weight: width) { .floats(Array(numbers(of: table, $0)), shape: signature.space.shape) })
    }
  }

  /// The first observed cell of every column.
  private func examples(_ rows: [JSONValue]) -> [Int: JSONValue] {
    var examples: [Int: JSONValue] = [:]
    for (column, name) in (signature.space.names ?? []).enumerated() where signature.space.categories(at: column) != nil {
      examples[column] = rows.lazy.compactMap { $0[name] }.first { !cells.isMissing($0, at: column) }
    }
    return examples
  }

  /// An observed cell of a CSV file as JSON: its number at double precision, its category, or its text.
  private func observed(_ field: CSVField, column: Int) -> JSONValue {
    guard let space = signature.space.table, space.isExact, !items.isAnsweredAsBefore else {
      guard signature.space.categories(at: column) == nil else {
        guard !items.isAnsweredAsBefore, let code = signature.space.table?.columns[column].number(of: field.value) else {
          return .string(field.value)
        }
        return cells.value(code, at: column, like: nil)
      }
      let number = written(column).flatMap { $0.form?.number(field.value) } ?? DecimalText.double(field.value)
      return number.map(JSONValue.number) ?? .string(field.value)
    }
    guard let value = written(column)?.number(of: field.value) else { return .string(field.value) }
    if space.columns[column].type == .date { return .string(field.value) }
    if space.columns[column].type.isDiscrete { return cells.value(value, at: column, like: nil) }
    return value == value.rounded() && value.magnitude < 0x1p53 ? .integer(Int(value)) : .number(value)
  }

  var columnNumbers: [String: Int] {
    Dictionary(uniqueKeysWithValues: (signature.space.names ?? []).enumerated().map { ($1, $0) })
  }

  /// Which of all cells are missing, row by row: row · width + column.
  var missing: [Int] { sent.indices.filter { sent[$0].isNaN } }

  /// A number that is believed of a missing cell, in model units where raw numbers are doubles, as JSON.
  func belief(_ value: Float, _ column: Int, isDeviation: Bool) -> JSONValue {
    guard let space = signature.space.table, space.isExact, space.columns[column].type.isLinear, let scaling = space.exactScaling(at: column) else {
      return .float(value)
    }
    let resolution = space.resolution(at: column)
    func number(_ value: Double) -> JSONValue { .number(Double(NumberForm.plain.text(value, resolution: resolution)) ?? value) }
    if isDeviation { return number(Double(value) * scaling.scale) }
    let column = written(column) ?? space.columns[column]
    let raw = scaling.offset + scaling.scale * Double(value)
    let bounded = Swift.min(Swift.max(raw, column.minimum ?? -.infinity), column.maximum ?? .infinity)
    return column.type == .date ? .string(column.text(bounded)) : number(bounded)
  }
}
