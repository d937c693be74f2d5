internal import Formats
internal import Modelling

/// The rows of a CSV file: a header with the names of the columns in any order, then one item a record.
///
/// Columns that a model leaves out, and those without a name, may stand among them; any other is refused. Of images a record is a picture: its numbers row
/// by row, with or without a header, whose names don't matter; a first column of labels is passed over where the header calls it so.
struct TableRows: Sendable {
  private var reader: CSVReader
  private var decoder: TextDecoder
  private let names: [String]
  private let ignored: Set<String>
  /// Columns that the file may lack; their cells are missing then.
  private let optional: Set<String>
  private let isOfPixels: Bool
  private let options: TableOptions?
  private let keepsText: Bool
  private let keepsDoubles: Bool
  private var cells: TableCells
  /// The columns as the file writes them, where that is known beforehand.
  private let written: [TableSpace.Column]?
  /// Where the signature's columns stand in a record, nil for one that the file lacks; empty until the header has come.
  private var order: [Int?] = []
  private var units: CSVRecord?
  private var records: [CSVRecord] = []
  private var isAtFirst = true

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
    ignored = Set(table?.ignored ?? [])
    keepsDoubles = table?.isExact == true || keepingDoubles
    self.written = written
    decoder = TextDecoder(options?.encoding ?? .utf8)
    var csv = (options ?? TableOptions()).csv(marks: table?.missing)
    if options == nil { csv.missing = table?.missing.map(Set.init) ?? CSVOptions.firstMarks }
    csv.detectsHeader = isOfPixels && options?.header == nil
    reader = CSVReader(options: csv)
    cells = TableCells(table?.columns ?? names.map { TableSpace.Column(name: $0, type: .real) }, of: table, options, missing: csv)
  }

  var layout: Items.Layout { .named(field: "rows", columns: names) }

  mutating func takeText() -> SentTable? {
    guard keepsText else { return nil }
    defer { records = [] }
    return .records(
      SentRecords(
        header: reader.header, delimiter: reader.delimiter, head: reader.head, units: units, records: records, columns: written ?? cells.written))
  }

  /// The columns as the cells so far are written.
  var writtenColumns: [TableSpace.Column] { cells.written }

  mutating func feed(_ bytes: [UInt8]) throws { reader.feed(try decoder.utf8(bytes)) }

  mutating func finish() throws {
    try decoder.finish()
    reader.finish()
  }

  var notes: [String] { cells.notes }

  /// Appends rows until there are `limit` numbers, or nothing more to read.
  /// - Parameter given: rows before those that `scalars` holds.
  mutating func read(into scalars: inout [Float], _ doubles: inout [Double], upTo limit: Int, after given: Int) throws {
    while scalars.count < limit, let record = try reader.next() {
      if order.isEmpty { order = try columnOrder() }
      if isAtFirst {
        isAtFirst = false
        if cells.isExact, options?.unitsRow ?? record.holdsUnits(at: numeric) {
          units = record
          continue
        }
      }
      let row = given + scalars.count / cells.columns.count
      for (index, field) in order.enumerated() {
        let value = try field.map { try cells.number(index, record.fields[$0], row: row, at: .line(record.line, column: $0 + 1)) } ?? .nan
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
    let (found, width) = (reader.header.count, cells.columns.count)
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
    return try Items.places(
      of: names, in: reader.header, field: "the header", ignored: ignored, nameless: reader.head.nameless, index: options?.indexColumn,
      optional: optional)
  }

  /// Where columns of numbers and days stand in a record.
  private var numeric: [Int] { zip(cells.columns, order).filter { !$0.0.type.isDiscrete }.compactMap(\.1) }
}
