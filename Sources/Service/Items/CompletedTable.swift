internal import Formats
internal import Modelling
internal import Tensors

/// Rows given back with their missing cells filled in; every observed cell stays what the client sent.
struct CompletedTable: Sendable {
  let items: Items
  let signature: Signature
  /// Whole rows, one set a completed table: [tables, n, width] in raw units, observed numbers included.
  let values: Tensor

  private var width: Int { signature.width }

  private func isMissing(_ row: Int, _ column: Int) -> Bool { items.raw.scalars[row * width + column].isNaN }

  private func value(_ table: Int, _ row: Int, _ column: Int) -> Float { values.scalars[(table * items.count + row) * width + column] }

  /// A filled-in cell: the name of a category, or a number.
  private func cell(_ table: Int, _ row: Int, _ column: Int) -> JSONValue {
    let value = value(table, row, column)
    guard let categories = signature.space.categories(at: column) else { return .float(value) }
    return .string(categories[Int(value)])
  }

  /// The same as text.
  private func text(_ table: Int, _ row: Int, _ column: Int) -> String { Self.text(cell(table, row, column)) }

  private static func text(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return String(decoding: value.text, as: UTF8.self)
  }

  /// One completed table: objects where the client sent named cells, and numbers, categories as their codes, where it sent numbers.
  func json(_ table: Int) -> JSONValue {
    switch items.sent {
    case .objects(let rows):
      let columns = columnNumbers
      return .array(
        rows.enumerated().map { row, object in
          guard case .object(let members) = object else { preconditionFailure("rows were read as objects") }
          return .object(
            members.map { member in
              guard member.value == .null, let column = columns[member.name] else { return member }
              return JSONValue.Member(name: member.name, value: cell(table, row, column))
            })
        })
    case .records(let header, _, let records):
      let columns = columnNumbers
      return .array(
        records.enumerated().map { row, record in
          .object(
            zip(header, record.fields).compactMap { name, field in
              columns[name].map { JSONValue.Member(name: name, value: isMissing(row, $0) ? cell(table, row, $0) : observed(field, column: $0)) }
            })
        })
    case nil:
      let numbers = items.count * width
      return .floats(Array(values.scalars[table * numbers..<(table + 1) * numbers]), shape: [items.count] + signature.space.shape)
    }
  }

  /// An observed cell of a CSV file as JSON: its number at double precision, or its category.
  private func observed(_ field: CSVField, column: Int) -> JSONValue {
    guard signature.space.categories(at: column) == nil, let number = DecimalText.double(field.value) else { return .string(field.value) }
    return .number(number)
  }

  private var columnNumbers: [String: Int] {
    Dictionary(uniqueKeysWithValues: (signature.space.names ?? []).enumerated().map { ($1, $0) })
  }

  /// Row by row, and of every row its versions in the completed tables one after the other, numbered from 1 in a first column `imputation` where
  /// `isNumbered`: so a table of any length can be written as it is computed.
  func csv(isNumbered: Bool) -> AnswerTable {
    let names = signature.space.names ?? (0..<width).map { "x\($0)" }
    var header = names
    var delimiter = UInt8(ascii: ",")
    if case .records(let sent, let sentDelimiter, _) = items.sent { (header, delimiter) = (sent, sentDelimiter) }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let order = header.compactMap { numbers[$0] }
    // A table may have a column of that name itself.
    var index = "imputation"
    while numbers[index] != nil { index = "_" + index }
    var first = CSVWriter(delimiter: delimiter)
    first.append((isNumbered ? [index] : []) + header)
    return AnswerTable(count: items.count, header: first.bytes) { [header, delimiter] range in
      var writer = CSVWriter(delimiter: delimiter)
      for row in range {
        for table in 0..<values.shape[0] {
          let fields = order.enumerated().map { field, column in
            isMissing(row, column) ? writer.quoted(text(table, row, column)) : observedText(row, column, field: field, name: header[field], writer)
          }
          writer.append(raw: (isNumbered ? ["\(table + 1)"] : []) + fields)
        }
      }
      return writer.bytes
    }
  }

  /// An observed cell as it stood in the file; from JSON, as it would stand there.
  private func observedText(_ row: Int, _ column: Int, field: Int, name: String, _ writer: CSVWriter) -> String {
    switch items.sent {
    case .records(_, _, let records): records[row].fields[field].raw
    case .objects(let rows): writer.quoted(rows[row][name].map(Self.text) ?? "")
    case nil: writer.quoted(text(0, row, column))
    }
  }

  /// Where cells are missing, row by row.
  var missing: [(row: Int, column: Int)] {
    (0..<items.count).flatMap { row in (0..<width).compactMap { isMissing(row, $0) ? (row, $0) : nil } }
  }
}
