internal import Formats
internal import Modelling

// The rows of a request as they are to come back; what would not is refused.
extension TableContent {
  init(_ items: Items, of space: TableSpace) throws {
    guard let values = items.doubles else { preconditionFailure("rows of a stream are read as doubles") }
    switch items.sent {
    case .records(let sent): try self.init(sent, values, items, space)
    case .objects(let rows): try self.init(rows, values, items, space)
    case .columns: preconditionFailure("a stream of Arrow is refused before its rows")
    case nil: self.init(layout: TableLayout(width: space.width), values: values, texts: [], width: space.width)
    }
  }

  // MARK: CSV

  private init(_ sent: SentRecords, _ values: [Double], _ items: Items, _ space: TableSpace) throws {
    let numbers = Dictionary(uniqueKeysWithValues: space.columns.enumerated().map { ($1.name, $0) })
    let columns = sent.header.enumerated().map { place, name -> TableLayout.Column in
      numbers[name].map(TableLayout.Column.known) ?? .text(sent.head.nameless.contains(place) ? "" : name)
    }
    var texts = [[String]](repeating: [], count: columns.count { if case .text = $0 { true } else { false } })
    var marks: [String: Int] = [:]
    for (row, record) in sent.records.enumerated() {
      var text = 0
      for (field, column) in zip(record.fields, columns) {
        switch column {
        case .known(let number):
          let value = values[row * space.width + number]
          if value.isNaN { marks[field.value, default: 0] += 1 }
          try Self.check(field.value, value, space.columns[number], items.place(row: row, cell: number))
        case .text:
          texts[text].append(field.value)
          text += 1
        }
      }
    }
    let usual = marks.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    let layout = TableLayout(
      columns: columns, delimiter: sent.delimiter, isUnixEnd: sent.head.lineEnd == "\n", hasNames: sent.head.hasNames, mark: usual)
    self.init(layout: layout, values: values, texts: texts, width: space.width)
  }

  /// Refuses a text whose value would come back as another one.
  private static func check(_ text: String, _ value: Double, _ column: TableSpace.Column, _ place: String) throws {
    let other = TableSpace.Column.otherCategory
    if column.unknownCategory == .other, !value.isNaN, column.categories?[Int(value)] == other, NumberForm.trimmed(text) != other {
      throw Problem(
        .impossible, "\(place) is \"\(text.prefix(40))\", which the model takes for \"\(other)\": it would come back as that.", field: place,
        given: "\"\(text.prefix(40))\"", expected: "one of the categories that the model knows")
    }
    guard !column.type.isDiscrete, column.type != .date, value.isFinite else { return }
    let digits = significantDigits(text)
    guard digits.count > 15, digits != significantDigits(value.description) else { return }
    throw refusal(place, String(text.prefix(40)))
  }

  private static func refusal(_ place: String, _ given: String) -> Problem {
    let expected = "a number of at most 15 digits"
    return Problem(
      .impossible, "\(place) is \(given), which no double holds with all its digits, expected \(expected).", field: place, given: given,
      expected: expected)
  }

  /// Without zeros at either end.
  private static func significantDigits(_ text: String) -> ArraySlice<UInt8> {
    let zero = UInt8(ascii: "0")
    let digits = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.filter { (zero...UInt8(ascii: "9")).contains($0) }.drop { $0 == zero }
    return digits.prefix(upTo: digits.lastIndex { $0 != zero }.map { $0 + 1 } ?? digits.startIndex)
  }

  // MARK: JSON

  private init(_ rows: [JSONValue], _ values: [Double], _ items: Items, _ space: TableSpace) throws {
    let numbers = Dictionary(uniqueKeysWithValues: space.columns.enumerated().map { ($1.name, $0) })
    let others = Self.members(rows.first).map(\.name).filter { numbers[$0] == nil }
    var texts = [[String]](repeating: [], count: others.count)
    for (row, object) in rows.enumerated() {
      let members = Self.members(object)
      for member in members {
        let number = numbers[member.name]
        if case .integer(let whole) = member.value, number != nil, Double(exactly: whole) == nil {
          throw Self.refusal(items.place(row: row, cell: number ?? 0), "\(whole)")
        }
        if let number, case .string(let text) = member.value {
          let value = values[row * space.width + number]
          try Self.check(text, value, space.columns[number], items.place(row: row, cell: number))
        }
      }
      let own = members.filter { numbers[$0.name] == nil }
      for (place, name) in others.enumerated() {
        guard own.count == others.count, case .string(let text)? = object[name] else {
          let field = "rows[\(items.firstRow + row)].\(name)"
          let (given, expected) = (
            object[name].map { String(decoding: $0.text.prefix(40), as: UTF8.self) } ?? "absent", "a text, as in the first row"
          )
          throw Problem(
            .impossible, "\(field) is \(given), expected \(expected): columns that the model doesn't know come back as texts.", field: field,
            given: given, expected: expected)
        }
        texts[place].append(text)
      }
      guard own.count == others.count else {
        let name = own.first?.name ?? ""
        let field = "rows[\(items.firstRow + row)].\(name)"
        throw Problem(
          .impossible, "\(field) is a column that the first row of the chunk doesn't have: it would not come back.", field: field, given: name,
          expected: "the columns of the first row")
      }
    }
    let layout = TableLayout(columns: (0..<space.width).map(TableLayout.Column.known) + others.map(TableLayout.Column.text))
    self.init(layout: layout, values: values, texts: texts, width: space.width)
  }

  private static func members(_ row: JSONValue?) -> [JSONValue.Member] { if case .object(let members)? = row { members } else { [] } }
}
