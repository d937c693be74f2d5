internal import Formats
internal import Modelling

// Completed tables as a table: in CSV, and as columns with types.
extension CompletedTable {
  /// Row by row, and of every row its versions in the completed tables one after the other, numbered from 1 in a first column `imputation` where
  /// `isNumbered`: so a table of any length can be written as it is computed. What stands around the table, and columns that the model leaves out,
  /// come back as they came.
  func table(isNumbered: Bool) -> AnswerTable {
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
    case .columns(let sent): header = sent.fields.map(\.name)
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
    let columns = columns(zip(header, zip(places, fields)).map { ArrowPlace(name: $0, column: $1.0, field: $1.1) }, index: isNumbered ? index : nil)
    return AnswerTable(count: items.count, header: start ?? first.bytes, columns: columns) { [objects, header, delimiter] range in
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
    if case .columns(let sent) = items.sent { return writer.quoted(sent.text(row, field, as: nil)) }
    guard let value = objects?[row][name], value != .null else { return "" }
    return writer.quoted(Self.text(value))
  }

  /// An observed cell as it stood in the file; from JSON, as it would stand there.
  private func observedText(_ row: Int, _ column: Int, field: Int, name: String, _ writer: CSVWriter) -> String {
    switch items.sent {
    case .records(let sent): sent.records[row].fields[field].raw
    case .objects(let rows): writer.quoted(rows[row][name].map(Self.text) ?? "")
    case .columns(let sent): writer.quoted(sent.text(row, field, as: written(column)))
    case nil:
      if let categories = signature.space.categories(at: column) {
        writer.quoted(categories[Int(sent[row * width + column])])
      } else {
        writer.quoted(FloatText.text(sent[row * width + column]))
      }
    }
  }
}
