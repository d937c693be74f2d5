internal import Coding
internal import Formats
internal import Modelling

extension Answer {
  /// Rows of a table value for value: objects by column name, CSV as the table was laid out, and an array of float64 with the codes of categories.
  /// - Parameter parts: the rows of chunks, one after the other.
  /// - Throws: where the parts are laid out differently.
  static func rows(_ parts: [TableContent], of space: TableSpace) throws -> Answer {
    guard let layout = parts.first?.layout else { preconditionFailure("an answer about no items") }
    for part in parts { try part.layout.checkAlike(layout) }
    // The first row of each part, and their number.
    let starts = parts.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    let count = starts[parts.count]
    @Sendable func place(_ row: Int) -> (part: TableContent, row: Int) {
      var (low, high) = (0, parts.count)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if starts[middle] <= row { low = middle } else { high = middle }
      }
      return (parts[low], row - starts[low])
    }
    @Sendable func double(_ number: Int) -> Double {
      let (part, row) = place(number / space.width)
      return part.values[row * space.width + number % space.width]
    }
    let names = layout.names(space)
    let list = JSONList(count: count, weight: 2 * layout.columns.count) { row in
      let (part, row) = place(row)
      return .object(zip(names, part.cells(of: row, space)).map { JSONValue.Member(name: $0, value: $1) })
    }
    return Answer(
      shape: [count, space.width], numbers: { places in ArraySlice(places.map { Float(double($0)) }) },
      doubles: { places in places.map(double) },
      table: {
        AnswerTable(count: count, header: layout.header(space)) { range in
          var writer = layout.writer
          for row in range {
            let (part, row) = place(row)
            writer.append(part.texts(of: row, space))
          }
          return writer.bytes
        }
      }, members: [.init(name: "rows", content: .list(list))])
  }
}

extension TableLayout {
  fileprivate var writer: CSVWriter { CSVWriter(delimiter: delimiter, lineEnd: isUnixEnd ? "\n" : "\r\n") }

  /// What stands before the rows.
  fileprivate func header(_ space: TableSpace) -> [UInt8] {
    guard hasNames else { return [] }
    var writer = writer
    writer.append(
      columns.map { column in
        switch column {
        case .known(let number): space.columns[number].name
        case .text(let name): name
        }
      })
    return writer.bytes
  }

  /// Of the members of an object; columns without a name are called by their place, as in a table without names.
  fileprivate func names(_ space: TableSpace) -> [String] {
    columns.enumerated().map { place, column in
      switch column {
      case .known(let number): space.columns[number].name
      case .text(let name): name.isEmpty ? "c\(place + 1)" : name
      }
    }
  }

  /// Refuses rows that don't belong below the same header.
  func checkAlike(_ first: TableLayout) throws(CodingError) {
    guard columns == first.columns, delimiter == first.delimiter, isUnixEnd == first.isUnixEnd, hasNames == first.hasNames else {
      throw CodingError(.malformed, "layout", given: "other columns than in the chunk before", expected: "the same in all chunks")
    }
  }
}

extension TableContent {
  /// A row as the fields of a record.
  fileprivate func texts(of row: Int, _ space: TableSpace) -> [String] {
    var texts = texts.makeIterator()
    return layout.columns.map { column in
      switch column {
      case .known(let number): text(values[row * width + number], space.columns[number])
      case .text: texts.next()?[row] ?? ""
      }
    }
  }

  private func text(_ value: Double, _ column: TableSpace.Column) -> String {
    if value.isNaN { return layout.mark }
    return column.type.isDiscrete ? column.text(value) : column.exactText(value) ?? NumberForm.plainText(value)
  }

  /// The same as members of an object: names of categories, days as texts, numbers, and null for what is missing.
  fileprivate func cells(of row: Int, _ space: TableSpace) -> [JSONValue] {
    var texts = texts.makeIterator()
    return layout.columns.map { column in
      guard case .known(let number) = column else { return .string(texts.next()?[row] ?? "") }
      let (value, column) = (values[row * width + number], space.columns[number])
      if value.isNaN { return .null }
      if column.type.isDiscrete || column.type == .date { return .string(text(value, column)) }
      return Int(exactly: value).flatMap { $0.magnitude < 1 << 53 ? .integer($0) : nil } ?? .number(value)
    }
  }
}
