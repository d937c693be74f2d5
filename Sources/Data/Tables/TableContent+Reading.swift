internal import Formats
package import Modelling

extension TableContent {
  /// Reads all of a table's file as a model knows its columns; columns that it doesn't know by a role of their own are texts.
  ///
  /// - Parameters:
  ///   - source: the file's path, for errors.
  ///   - isMixed: whether cells may be missing.
  /// - Returns: also what a user should know of how it was read.
  package static func read(
    _ file: [UInt8], source: String, as table: TableSpace, options: TableOptions, isMixed: Bool
  ) throws -> (content: TableContent, notes: [String]) {
    var options = options
    // A row of units would not come back; as a row of values it is refused.
    options.unitsRow = false
    guard !options.lenient else { throw DataError("\(source): a text that is taken for a missing cell would not come back: leave out --lenient") }
    let known = try TableReading(
      source: source, options: options, columns: table.columns, marks: table.missing, isMixed: isMixed, refusesStrangers: true, ignored: table.ignored
    ).read(file)
    do {
      let bytes = try TableText.utf8(file, encoding: options.encoding)
      var reader = try CSVReader(bytes, options: options.csv(marks: table.missing))
      let content = try content(&reader, known.values, table, source)
      return (content, known.report.doubts)
    } catch let error as CSVError { throw DataError("\(source), \(error.detail)") }
  }

  private static func content(_ reader: inout CSVReader, _ values: [Double], _ table: TableSpace, _ source: String) throws -> TableContent {
    let (header, head, width) = (reader.header, reader.head, table.width)
    let columns = header.enumerated().map { place, name -> TableLayout.Column in
      if let number = table.columns.firstIndex(where: { $0.name == name }) { return .known(number) }
      return .text(head.nameless.contains(place) ? "" : name)
    }
    let others = columns.indices.filter { if case .text = columns[$0] { true } else { false } }
    let catchAlls = columns.enumerated().compactMap { place, column -> (place: Int, number: Int, code: Int)? in
      guard case .known(let number) = column, table.columns[number].unknownCategory == .other,
        let code = table.columns[number].categories?.firstIndex(of: TableSpace.Column.otherCategory)
      else { return nil }
      return (place, number, code)
    }
    var texts = [[String]](repeating: [], count: others.count)
    var marks: [String: Int] = [:]
    var row = 0
    while let record = try reader.next() {
      for (index, place) in others.enumerated() { texts[index].append(record.fields[place].value) }
      for (place, column) in columns.enumerated() {
        guard case .known(let number) = column, values[row * width + number].isNaN else { continue }
        marks[record.fields[place].value, default: 0] += 1
      }
      for (place, number, code) in catchAlls where values[row * width + number] == Double(code) {
        let text = NumberForm.trimmed(record.fields[place].value)
        guard text == TableSpace.Column.otherCategory else {
          throw DataError(
            "\(source), line \(record.line), column \"\(header[place])\" is \"\(text.prefix(40))\", which the model takes for "
              + "\"\(TableSpace.Column.otherCategory)\": it would come back as that")
        }
      }
      row += 1
    }
    let usual = marks.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    let layout = TableLayout(
      columns: columns, delimiter: reader.delimiter, isUnixEnd: head.lineEnd == "\n", hasNames: head.hasNames, mark: usual)
    return TableContent(layout: layout, values: values, texts: texts, width: width)
  }
}
