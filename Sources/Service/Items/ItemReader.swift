internal import Formats
package import Modelling
internal import Tensors

/// Reads items from bytes that come in pieces, as blocks of rows; no more than a block and a piece are kept.
///
/// Whatever the pieces are, the blocks are the same. A row's random numbers depend on the seed and its place among all rows alone, which a block knows:
/// so what is computed of the blocks one after the other has the bytes of what is computed of all rows together.
package struct ItemReader: Sendable {
  /// Media types that can be read in pieces.
  package static let types: [MediaType] = [.csv, .npy, .floats]

  private enum Format: Sendable {
    case table(TableRows)
    case array(NPYReader, Items.Layout?)
    case floats(rest: [UInt8], byteCount: Int)
  }
  private let signature: Signature
  private let blockRows: Int
  private var format: Format
  private var isFinished = false
  /// Rows given out.
  private(set) var count = 0
  /// Numbers of the next block.
  private var scalars: [Float] = []

  /// - Parameter keepingText: whether the text of CSV cells is wanted back.
  package init(
    _ type: MediaType, signature: Signature, blockRows: Int, limits: ServiceLimits = ServiceLimits(), keepingText: Bool = false
  ) throws {
    precondition(Self.types.contains(type) && blockRows > 0, "\(type) in blocks of \(blockRows) rows")
    (self.signature, self.blockRows) = (signature, blockRows)
    guard signature.space.tokens == nil || type == .csv else {
      throw Problem(
        .unsupportedMedia, "\(type) is for numbers; this model takes \(signature.space.summary): send texts in JSON, or one as text/plain.",
        field: "Content-Type", given: type.name, expected: "application/json, text/plain")
    }
    switch type {
    case .csv: format = .table(try TableRows(signature: signature, keepingText: keepingText))
    case .npy: format = .array(NPYReader(maximumElements: limits.inputNumbers), nil)
    default: format = .floats(rest: [], byteCount: 0)
    }
  }

  /// What holds the items, for sentences.
  var field: String {
    switch format {
    case .table: "the table"
    case .array: "array"
    case .floats: "items"
    }
  }

  package mutating func feed(_ bytes: [UInt8]) throws {
    switch format {
    case .table(var table):
      // One owner at a time, so that nothing is copied.
      format = .floats(rest: [], byteCount: 0)
      table.reader.feed(bytes)
      format = .table(table)
    case .array(var array, let layout):
      format = .floats(rest: [], byteCount: 0)
      try array.feed(bytes)
      format = .array(array, layout)
    case .floats(var rest, let byteCount):
      format = .floats(rest: [], byteCount: 0)
      if rest.isEmpty { rest = bytes } else { rest += bytes }
      format = .floats(rest: rest, byteCount: byteCount + bytes.count)
    }
  }

  /// No more bytes will come.
  package mutating func finish() throws {
    isFinished = true
    switch format {
    case .table(var table):
      table.reader.finish()
      format = .table(table)
    case .array(var array, let layout):
      try array.finish()
      format = .array(array, layout)
    case .floats(_, let byteCount):
      let itemBytes = 4 * signature.width
      guard byteCount % itemBytes == 0 else {
        let expected = "a multiple of \(itemBytes) bytes: \(signature.width) float32 an item"
        throw Problem(
          .impossible, "The body has \(byteCount) bytes, expected \(expected).", field: "body", given: "\(byteCount)", expected: expected)
      }
    }
  }

  /// The next block; nil at the end, or where more bytes have to come first. All but the last block are full.
  /// - Throws: where items do not fit the signature; the error names the row among all rows.
  package mutating func next() throws -> Items? {
    switch format {
    case .table(var table):
      format = .floats(rest: [], byteCount: 0)
      defer { format = .table(table) }
      try table.read(into: &scalars, upTo: blockRows * signature.width, after: count)
      return takeBlock(layout: table.layout) { table.takeText() }
    case .array(var array, var layout):
      format = .floats(rest: [], byteCount: 0)
      defer { format = .array(array, layout) }
      guard let shape = array.shape else { return nil }
      if layout == nil { layout = try Items.layout(ofShape: shape, field: "array", signature: signature) }
      if let more = try array.next(blockRows - scalars.count / signature.width) { append(more) }
      return takeBlock(layout: layout ?? .nested(field: "array", shape: []))
    case .floats(var rest, let byteCount):
      format = .floats(rest: [], byteCount: byteCount)
      let itemBytes = 4 * signature.width
      let rows = min(blockRows - scalars.count / signature.width, rest.count / itemBytes)
      append(FloatBytes.decode(rest[..<(rows * itemBytes)]))
      rest.removeFirst(rows * itemBytes)
      format = .floats(rest: rest, byteCount: byteCount)
      return takeBlock(layout: .nested(field: "items", shape: signature.space.shape))
    }
  }

  private mutating func append(_ numbers: [Float]) {
    if scalars.isEmpty { scalars = numbers } else { scalars += numbers }
  }

  private mutating func takeBlock(layout: Items.Layout, sent: () -> SentTable? = { nil }) -> Items? {
    let rows = scalars.count / signature.width
    guard rows == blockRows || (isFinished && rows > 0) else { return nil }
    defer { (scalars, count) = ([], count + rows) }
    return Items(raw: Tensor(shape: [rows, signature.width], scalars: scalars), layout: layout, sent: sent(), firstRow: count)
  }
}

/// The rows of a CSV file: a header with the names of the columns in any order, then one item a record.
private struct TableRows: Sendable {
  var reader: CSVReader
  private let columns: [String]
  /// The columns of categories, at their places.
  private let categorical: [TableSpace.Column?]
  private let keepsText: Bool
  /// Where the signature's columns stand in a record; empty until the header has come.
  private var order: [Int] = []
  private var records: [CSVRecord] = []

  init(signature: Signature, keepingText: Bool) throws {
    guard let columns = signature.space.names else {
      throw Problem(.unsupportedMedia, "text/csv is for tables and vectors; this model takes \(signature.space.summary).")
    }
    (self.columns, keepsText) = (columns, keepingText)
    var options = CSVOptions()
    options.detectsDelimiter = true
    if let missing = signature.space.table?.missing { options.missing = Set(missing) }
    reader = CSVReader(options: options)
    categorical = signature.space.table?.columns.map { $0.type.isDiscrete ? $0 : nil } ?? columns.map { _ in nil }
  }

  var layout: Items.Layout { .named(field: "rows", columns: columns) }

  mutating func takeText() -> SentTable? {
    guard keepsText else { return nil }
    defer { records = [] }
    return .records(header: reader.header, delimiter: reader.delimiter, records)
  }

  /// Appends rows until there are `limit` numbers, or nothing more to read.
  /// - Parameter given: rows before those that `scalars` holds.
  mutating func read(into scalars: inout [Float], upTo limit: Int, after given: Int) throws {
    while scalars.count < limit, let record = try reader.next() {
      if order.isEmpty { order = try columnOrder() }
      for (index, field) in order.enumerated() { scalars.append(try number(index, record, field, row: given + scalars.count / columns.count)) }
      if keepsText { records.append(record) }
    }
    // A header alone is refused for its names as well.
    if order.isEmpty, !reader.header.isEmpty { order = try columnOrder() }
  }

  private func columnOrder() throws -> [Int] {
    let positions = Dictionary(uniqueKeysWithValues: reader.header.enumerated().map { ($1, $0) })
    let known = Set(columns)
    if let unknown = reader.header.first(where: { !known.contains($0) }) {
      throw Items.unknownColumn(unknown, field: "the header", columns: columns)
    }
    if let absent = columns.first(where: { positions[$0] == nil }) { throw Items.missingColumn(absent, field: "the header", columns: columns) }
    return columns.compactMap { positions[$0] }
  }

  private func number(_ index: Int, _ record: CSVRecord, _ field: Int, row: Int) throws -> Float {
    if let known = categorical[index], !record.fields[field].isMissing {
      return try Items.code(record.fields[field].value, of: known, field: "rows[\(row)].\(columns[index])")
    }
    guard let number = try reader.number(field, in: record) else { return .nan }
    let value = Float(number)
    guard value.isFinite else {
      let place = "rows[\(row)].\(columns[index])"
      throw Problem(.impossible, "\(place) is beyond float32's range.", field: place, given: record.fields[field].value)
    }
    return value
  }
}
