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
  private let cells: JSONCells
  private let sent: [Float]

  init(items: Items, signature: Signature, rows: Tensor, tables: Int) {
    (self.items, self.signature, self.tables, cells) = (items, signature, tables, JSONCells(signature))
    (self.rows, rowWidth, sent) = (rows.scalars, rows.shape[1], items.raw.scalars)
  }

  private var width: Int { signature.width }

  /// A column as the table that was sent writes it; nil where nothing but numbers was.
  private func written(_ column: Int) -> TableSpace.Column? {
    if case .records(let sent) = items.sent { return sent.columns[column] }
    return signature.space.table?.columns[column]
  }

  private func isMissing(_ row: Int, _ column: Int) -> Bool { sent[row * width + column].isNaN }

  /// A filled-in value in raw units.
  private func value(_ table: Int, _ row: Int, _ column: Int) -> Double {
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
  private func text(_ table: Int, _ row: Int, _ column: Int) -> String {
    let value = value(table, row, column)
    guard let own = written(column) else { return FloatText.text(Float(value)) }
    guard let space = signature.space.table, space.isExact || own.type.isDiscrete else {
      let text = FloatText.text(Float(value))
      return own.form.map { $0.text(Double(text) ?? value) } ?? text
    }
    return own.text(value, resolution: space.isExact ? space.resolution(at: column) : 0)
  }

  private static func text(_ value: JSONValue) -> String {
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

  private var columnNumbers: [String: Int] {
    Dictionary(uniqueKeysWithValues: (signature.space.names ?? []).enumerated().map { ($1, $0) })
  }

  // MARK: CSV

  /// Row by row, and of every row its versions in the completed tables one after the other, numbered from 1 in a first column `imputation` where
  /// `isNumbered`: so a table of any length can be written as it is computed. What stands around the table, and columns that the model leaves out,
  /// come back as they came.
  func csv(isNumbered: Bool) -> AnswerTable {
    let names = signature.space.names ?? (0..<width).map { "x\($0)" }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    var (header, delimiter, frame): ([String], UInt8, SentRecords?) = (names, UInt8(ascii: ","), nil)
    var objects: [JSONValue]?
    switch items.sent {
    case .records(let sent):
      (header, delimiter) = (sent.header, sent.delimiter)
      if items.isAnsweredAsBefore { header = header.filter { numbers[$0] != nil } } else { frame = sent }
    case .objects(let rows):
      objects = rows
      // Members that the model leaves out stand where the first row has them.
      if case .object(let members)? = rows.first, !items.isAnsweredAsBefore { header += members.map(\.name).filter { numbers[$0] == nil } }
    case nil: break
    }
    let places: [Int?] = header.map { numbers[$0] }
    let fields = if case .records(let sent) = items.sent { header.map { sent.header.firstIndex(of: $0) ?? 0 } } else { Array(header.indices) }
    // A table may have a column of that name itself.
    var index = "imputation"
    while header.contains(index) { index = "_" + index }
    let (start, layout) = (frame.map { self.start($0, isNumbered ? index : nil) }, frame?.head)
    var first = CSVWriter(delimiter: delimiter)
    first.append((isNumbered ? [index] : []) + header)
    let end = layout?.surplus == .delimiter ? [""] : []
    // Where names stand in quotes, texts do as well.
    let quotesTexts = layout?.names.contains { $0.hasPrefix("\"") } ?? false
    return AnswerTable(count: items.count, header: start ?? first.bytes) { [objects, header, delimiter] range in
      var writer = CSVWriter(delimiter: delimiter, lineEnd: layout?.lineEnd ?? "\r\n")
      for row in range {
        for table in 0..<tables {
          let cells = places.indices.map { place -> String in
            guard let column = places[place] else { return passed(row, fields[place], header[place], objects, writer) }
            guard isMissing(row, column) else { return observedText(row, column, field: fields[place], name: header[place], writer) }
            let text = text(table, row, column)
            let isText = quotesTexts && (signature.space.categories(at: column) != nil || signature.space.type(at: column) == .date)
            return isText
              ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : writer.quoted(text, isPadded: signature.space.categories(at: column) == nil)
          }
          writer.append(raw: (isNumbered ? ["\(table + 1)"] : []) + cells + end)
        }
      }
      return writer.bytes
    }
  }

  /// What stood before the records, with a name for the numbers of the completed tables.
  private func start(_ sent: SentRecords, _ index: String?) -> [UInt8] {
    let head = sent.head
    var writer = CSVWriter(delimiter: sent.delimiter, lineEnd: head.lineEnd)
    if head.hasNames {
      let rowNames = head.surplus == .rowNames && index != nil ? ["\"\""] : []
      writer.append(raw: (index.map { [writer.quoted($0)] } ?? []) + rowNames + head.names)
    }
    if let units = sent.units {
      writer.append(raw: (index.map { _ in [""] } ?? []) + units.fields.map(\.raw) + (head.surplus == .delimiter ? [""] : []))
    }
    return (head.hasMark ? [0xEF, 0xBB, 0xBF] : []) + head.separatorLine + writer.bytes
  }

  /// A cell that the model leaves out, as it was sent.
  private func passed(_ row: Int, _ field: Int, _ name: String, _ objects: [JSONValue]?, _ writer: CSVWriter) -> String {
    if case .records(let sent) = items.sent { return sent.records[row].fields[field].raw }
    guard let value = objects?[row][name], value != .null else { return "" }
    return writer.quoted(Self.text(value))
  }

  /// An observed cell as it stood in the file; from JSON, as it would stand there.
  private func observedText(_ row: Int, _ column: Int, field: Int, name: String, _ writer: CSVWriter) -> String {
    switch items.sent {
    case .records(let sent): sent.records[row].fields[field].raw
    case .objects(let rows): writer.quoted(rows[row][name].map(Self.text) ?? "")
    case nil:
      if let categories = signature.space.categories(at: column) {
        writer.quoted(categories[Int(sent[row * width + column])])
      } else {
        writer.quoted(FloatText.text(sent[row * width + column]))
      }
    }
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
