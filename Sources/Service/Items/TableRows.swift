internal import Formats
internal import Modelling

/// The rows of a CSV file: a header with the names of the columns in any order, then one item a record.
///
/// Columns that a model leaves out, and those without a name, may stand among them; any other is refused. Of images a record is a picture: its numbers row
/// by row, with or without a header, whose names don't matter; a first column of labels is passed over where the header calls it so.
struct TableRows: Sendable {
  private var reader: CSVReader
  private var decoder: TextDecoder
  private let columns: [TableSpace.Column]
  private let names: [String]
  private let ignored: Set<String>
  /// Columns that the file may lack; their cells are missing then.
  private let optional: Set<String>
  /// Marks of a missing cell that were chosen; nil where the usual ones are known, of which a category may be one.
  private let marks: [String]?
  private let isExact: Bool
  private let isOfPixels: Bool
  private let options: TableOptions?
  private let keepsText: Bool
  private let keepsDoubles: Bool
  private var cells: [CellReader]
  /// The columns as the file writes them, where that is known beforehand.
  private let written: [TableSpace.Column]?
  /// Where the signature's columns stand in a record, nil for one that the file lacks; empty until the header has come.
  private var order: [Int?] = []
  private var units: CSVRecord?
  private var records: [CSVRecord] = []
  private var isAtFirst = true
  /// Marks that were met, and cells that were taken for missing ones though they hold a text.
  private var met: [String: Int] = [:]
  private var odd = 0
  private var firstOdd = ""

  /// - Parameters:
  ///   - keepingDoubles: whether numbers are wanted as doubles whatever the model takes.
  ///   - written: the columns as the file writes them, where it was read before; nil: as the cells show.
  init(
    signature: Signature, options: TableOptions?, keepingText: Bool, keepingDoubles: Bool = false, optional: Set<String> = [],
    written: [TableSpace.Column]? = nil
  ) throws {
    isOfPixels = signature.space.picture != nil
    guard let names = isOfPixels ? (0..<signature.width).map({ "pixel\($0)" }) : signature.space.names else {
      throw Problem(.unsupportedMedia, "text/csv is for tables, vectors and images; this model takes \(signature.space.summary).")
    }
    self.optional = optional
    let table = signature.space.table
    (self.names, self.options, keepsText) = (names, options, keepingText && !isOfPixels)
    (ignored, isExact) = (Set(table?.ignored ?? []), table?.isExact ?? false)
    keepsDoubles = isExact || keepingDoubles
    columns = table?.columns ?? names.map { TableSpace.Column(name: $0, type: .real) }
    cells = columns.map { CellReader($0, options: options) }
    self.written = written
    decoder = TextDecoder(options?.encoding ?? .utf8)
    var csv = (options ?? TableOptions()).csv(marks: table?.missing)
    if options == nil { csv.missing = table?.missing.map(Set.init) ?? CSVOptions.firstMarks }
    csv.detectsHeader = isOfPixels && options?.header == nil
    reader = CSVReader(options: csv)
    marks = options?.missing == nil && options?.defaultMissing != false ? table?.missing : []
  }

  var layout: Items.Layout { .named(field: "rows", columns: names) }

  mutating func takeText() -> SentTable? {
    guard keepsText else { return nil }
    defer { records = [] }
    return .records(
      SentRecords(
        header: reader.header, delimiter: reader.delimiter, head: reader.head, units: units, records: records, columns: written ?? writtenColumns))
  }

  /// The columns as the cells so far are written.
  var writtenColumns: [TableSpace.Column] { cells.map(\.written) }

  mutating func feed(_ bytes: [UInt8]) throws { reader.feed(try decoder.utf8(bytes)) }

  mutating func finish() throws {
    try decoder.finish()
    reader.finish()
  }

  var notes: [String] {
    var notes = cells.compactMap(\.note)
    let named = met.filter { !$0.key.isEmpty }.sorted { $0.key < $1.key }
    if !named.isEmpty { notes.append("read as missing: " + named.map { "\"\($0.key)\" (\($0.value))" }.joined(separator: ", ")) }
    if odd > 0 { notes.append("warning: \(odd) texts among numbers are read as missing, the first at \(firstOdd)") }
    return notes
  }

  /// Appends rows until there are `limit` numbers, or nothing more to read.
  /// - Parameter given: rows before those that `scalars` holds.
  mutating func read(into scalars: inout [Float], _ doubles: inout [Double], upTo limit: Int, after given: Int) throws {
    while scalars.count < limit, let record = try reader.next() {
      if order.isEmpty { order = try columnOrder() }
      if isAtFirst {
        isAtFirst = false
        if isExact, options?.unitsRow ?? record.holdsUnits(at: numeric) {
          units = record
          continue
        }
      }
      let row = given + scalars.count / columns.count
      for (index, field) in order.enumerated() {
        let value = try field.map { try number(index, record, $0, row: row) } ?? .nan
        scalars.append(Float(value))
        if keepsDoubles { doubles.append(value) }
      }
      if keepsText { records.append(record) }
    }
    // A header alone is refused for its names as well.
    if order.isEmpty, !reader.header.isEmpty { order = try columnOrder() }
  }

  /// What a column before the pixels is called that holds the class of each picture.
  private static let labelNames: Set = ["label", "class", "target", "y"]

  private func pixelOrder() throws -> [Int?] {
    let (found, width) = (reader.header.count, columns.count)
    let hasLabels = reader.head.hasNames && Self.labelNames.contains(reader.header[0].lowercased())
    guard found - (hasLabels ? 1 : 0) == width else {
      let hint = found == width + 1 ? "; a first column of labels has to be called label in a header, or left out" : ""
      throw Problem(
        .impossible, "A record has \(found) fields, expected \(width), the numbers of an image row by row\(hint).", field: "the table",
        given: "\(found)", expected: "\(width)")
    }
    return Array(found - width..<found)
  }

  private func columnOrder() throws -> [Int?] {
    if isOfPixels { return try pixelOrder() }
    let positions = Dictionary(reader.header.enumerated().map { ($1, $0) }) { first, _ in first }
    let known = Set(names)
    let index = options?.indexColumn.flatMap { column in positions[column] ?? Int(column).map { $0 - 1 } }
    for (place, name) in reader.header.enumerated() where !known.contains(name) && !ignored.contains(name) {
      guard !reader.head.nameless.contains(place), place != index else { continue }
      throw Items.unknownColumn(name, field: "the header", columns: names)
    }
    if let absent = names.first(where: { positions[$0] == nil && !optional.contains($0) }) {
      throw Items.missingColumn(absent, field: "the header", columns: names)
    }
    return names.map { positions[$0] }
  }

  /// Where columns of numbers and days stand in a record.
  private var numeric: [Int] { zip(columns, order).filter { !$0.0.type.isDiscrete }.compactMap(\.1) }

  private mutating func number(_ index: Int, _ record: CSVRecord, _ place: Int, row: Int) throws -> Double {
    let (column, field) = (columns[index], record.fields[place])
    switch cells[index].reading(field, marks: marks, line: record.line) {
    case .missing:
      met[field.value, default: 0] += 1
      return .nan
    case .value(let value):
      if isExact, !column.accepts(value) { throw refusal(column, field.value, row, column.expectation) }
      guard isExact || Float(value).isFinite else {
        let place = "rows[\(row)].\(column.name)"
        throw Problem(.impossible, "\(place) is beyond float32's range.", field: place, given: field.value)
      }
      return value
    case .unknown:
      let hint = cells[index].hint(field.value)
      if hint == nil, options?.lenient == true, !column.type.isDiscrete {
        if odd == 0 { firstOdd = "line \(record.line), column \(column.name)" }
        odd += 1
        return .nan
      }
      if column.type.isDiscrete { return Double(try Items.code(field.value, of: column, field: "rows[\(row)].\(column.name)")) }
      let expected = isExact || hint != nil ? cells[index].expectation : "a number like -1.5e3, or one of the marks for a missing entry"
      throw CSVError(
        .mismatch, line: record.line, column: place + 1, field: column.name, given: "\"\(field.value.prefix(40))\"",
        expected: expected + (hint.map { "; \($0)" } ?? ""))
    }
  }

  private func refusal(_ column: TableSpace.Column, _ given: String, _ row: Int, _ expected: String) -> Problem {
    let place = "rows[\(row)].\(column.name)"
    return Problem(
      .impossible, "\(place) is \(given.prefix(60)), expected \(expected).", field: place, given: String(given.prefix(60)), expected: expected)
  }
}
