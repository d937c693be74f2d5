internal import Formats
internal import Modelling

/// The rows of an Arrow stream: columns by name in any order, each of whatever type holds what the model's column does.
///
/// A cell means what it would mean in CSV: a null is a missing one, as is NaN and what else the marks name; a text is read as a file's cell is.
struct ArrowRows: Sendable {
  private var reader: ArrowStreamReader
  private let names: [String]
  private let ignored: Set<String>
  /// Columns that the stream may lack; their cells are missing then.
  private let optional: Set<String>
  private let indexColumn: String?
  private let keepsText: Bool
  private let keepsDoubles: Bool
  private var cells: TableCells
  private let written: [TableSpace.Column]?
  /// Where the signature's columns stand in the stream, nil for one that it lacks; empty until the schema has come.
  private var order: [Int?] = []
  private var kept: ArrowBatch?

  /// - Parameter written: the columns as texts among them are written, where they were read before.
  init(
    signature: Signature, options: TableOptions?, keepingText: Bool, optional: Set<String> = [], written: [TableSpace.Column]? = nil,
    limits: ServiceLimits
  ) throws {
    guard signature.space.picture == nil, let names = signature.space.names else {
      throw Problem(.unsupportedMedia, "\(MediaType.arrow) is for tables and vectors; this model takes \(signature.space.summary).")
    }
    let options = options ?? TableOptions()
    for (field, isGiven) in [
      ("separator", options.separator != nil), ("header", options.header != nil), ("units_row", options.unitsRow != nil),
      ("encoding", options.encoding != .utf8),
    ] where isGiven { throw Fault(field: field, given: "there", expected: "no such option: columns of Arrow have names and types of their own") }
    let table = signature.space.table
    (self.names, self.optional, self.written, keepsText) = (names, optional, written, keepingText)
    (ignored, indexColumn, keepsDoubles) = (Set(table?.ignored ?? []), options.indexColumn, table?.isExact == true)
    cells = TableCells(
      table?.columns ?? names.map { TableSpace.Column(name: $0, type: .real) }, of: table, options, missing: options.csv(marks: table?.missing))
    var own = ArrowStreamReader.Limits()
    own.batchBytes = limits.arrowBatchBytes
    reader = ArrowStreamReader(limits: own)
  }

  var layout: Items.Layout { .named(field: "rows", columns: names) }
  var notes: [String] { cells.notes }
  var writtenColumns: [TableSpace.Column] { cells.written }

  mutating func feed(_ bytes: [UInt8]) { reader.feed(bytes) }
  mutating func finish() { reader.finish() }

  mutating func takeText() -> SentTable? {
    guard keepsText, let kept, let fields = reader.fields else { return nil }
    self.kept = nil
    return .columns(SentColumns(fields: fields, batch: kept, columns: written ?? cells.written))
  }

  /// Appends rows until there are `limit` numbers, or nothing more to read.
  /// - Parameter given: rows before those that `scalars` holds.
  mutating func read(into scalars: inout [Float], _ doubles: inout [Double], upTo limit: Int, after given: Int) throws {
    let width = names.count
    while true {
      let rows = scalars.count / width
      guard scalars.count < limit else { break }
      let batch = try reader.next(limit / width - rows)
      // A stream without rows is refused for its names as well.
      if order.isEmpty, let fields = reader.fields {
        order = try Items.places(
          of: names, in: fields.map(\.name), field: "the schema", ignored: ignored, index: indexColumn, optional: optional)
        for (column, place) in zip(cells.columns, order) { if let place { try column.check(fields[place]) } }
      }
      guard let batch, let fields = reader.fields else { break }
      var numbers = [Double](repeating: .nan, count: batch.count * width)
      for (index, place) in order.enumerated() {
        guard let place else { continue }
        try read(index, batch.columns[place], fields[place].type, into: &numbers, from: given + rows)
      }
      scalars += numbers.map { Float($0) }
      if keepsDoubles { doubles += numbers }
      guard keepsText else { continue }
      if kept == nil { kept = batch } else { kept?.append(batch) }
    }
  }

  /// Writes the numbers of a column, row by row; what has none stays NaN.
  private mutating func read(_ index: Int, _ column: ArrowColumn, _ type: ArrowType, into numbers: inout [Double], from first: Int) throws {
    let width = names.count
    switch (column.values, type) {
    case (.nulls, _): return
    case (.integers(let values), .date), (.integers(let values), .timestamp):
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, value, of: type, row: first + row)
      }
    case (.integers(let values), _):
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, Double(value), row: first + row) { "\(value)" }
      }
    case (.floats(let values), _):
      // As a file of numbers would have it, in whose text 0.1 is a tenth.
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, NPY.double(value), row: first + row) { FloatText.text(value, missing: "NaN") }
      }
    case (.doubles(let values), _):
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, value, row: first + row) { NumberForm.plainText(value) }
      }
    case (.bools(let values), _):
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, "\(value)", row: first + row)
      }
    case (.texts(let values), _):
      for (row, value) in values.enumerated() where !column.isNull(row) {
        numbers[row * width + index] = try cells.number(index, value, row: first + row)
      }
    }
  }
}

extension TableSpace.Column {
  /// Refuses a column of values that are no such ones, also where none of its rows has any: what is filled in would not fit it.
  fileprivate func check(_ field: ArrowField) throws {
    let expected: String
    switch (type, field.type) {
    case (_, .null), (_, .text): return
    case (.date, .date), (.date, .timestamp):
      if dates?.unit == .days || dates?.unit == .seconds { return }
      expected = "texts: \(expectation)"
    case (.date, .integer), (.date, .float), (.date, .bool): expected = "dates, timestamps or texts: \(expectation)"
    case (_, .date), (_, .timestamp): expected = type.isDiscrete ? "texts, numbers or truth values" : "numbers or texts"
    case (_, .integer), (_, .float): return
    case (_, .bool):
      if type.isDiscrete { return }
      expected = "numbers or texts"
    }
    throw Problem(
      .impossible, "The column \"\(name)\" is of type \(field.type), expected \(expected).", field: name, given: "\(field.type)", expected: expected)
  }
}
