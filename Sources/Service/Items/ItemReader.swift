internal import Formats
package import Modelling
internal import Tensors

/// Reads items from bytes that come in pieces, as blocks of rows; no more than a block and a piece are kept.
///
/// Whatever the pieces are, the blocks are the same. A row's random numbers depend on the seed and its place among all rows alone, which a block knows:
/// so what is computed of the blocks one after the other has the bytes of what is computed of all rows together.
package struct ItemReader: Sendable {
  /// Media types that can be read in pieces.
  package static let types: [MediaType] = [.csv, .arrow, .npy, .floats]

  private enum Format: Sendable {
    case table(TableRows)
    case columns(ArrowRows)
    case array(NPYReader, Items.Layout?)
    case floats(rest: [UInt8], byteCount: Int)
  }
  private let signature: Signature
  private let blockRows: Int
  private var format: Format
  private var isFinished = false
  /// Rows given out.
  private(set) var count = 0
  /// Numbers of the next block; of a table whose raw numbers are doubles both.
  private var scalars: [Float] = []
  private var doubles: [Double] = []
  private let marks: MissingNumbers
  private let isOfFirstEdition: Bool
  private let codes: CodeLayout?
  private let keepsDoubles: Bool

  /// - Parameters:
  ///   - options: how a table is read; nil: as builds before 0.3 did.
  ///   - keepingText: whether the cells of a table are wanted back.
  ///   - keepingDoubles: whether the rows of a table are wanted as doubles, those of float32 by their shortest decimal text.
  ///   - codes: how codes stand in a row, where the items are codes.
  ///   - written: the columns of the table as it writes them, where that is known.
  package init(
    _ type: MediaType, signature: Signature, blockRows: Int, limits: ServiceLimits = ServiceLimits(), options: TableOptions? = TableOptions(),
    keepingText: Bool = false, keepingDoubles: Bool = false, codes: CodeLayout? = nil, written: [TableSpace.Column]? = nil
  ) throws {
    precondition(Self.types.contains(type) && blockRows > 0, "\(type) in blocks of \(blockRows) rows")
    (self.signature, self.blockRows, self.codes, keepsDoubles) = (signature, blockRows, codes, keepingDoubles)
    guard signature.space.tokens == nil || type == .csv || type == .arrow else {
      throw Problem(
        .unsupportedMedia, "\(type) is for numbers; this model takes \(signature.space.summary): send texts in JSON, or one as text/plain.",
        field: "Content-Type", given: type.name, expected: "application/json, text/plain")
    }
    (marks, isOfFirstEdition) = (MissingNumbers(signature, options), options == nil)
    switch type {
    case .csv:
      format = .table(
        try TableRows(
          signature: signature, options: options, keepingText: keepingText, keepingDoubles: keepingDoubles, optional: codes?.optionalColumns ?? [],
          written: written))
    case .arrow:
      format = .columns(
        try ArrowRows(
          signature: signature, options: options, keepingText: keepingText, optional: codes?.optionalColumns ?? [], written: written, limits: limits))
    case .npy: format = .array(NPYReader(maximumElements: limits.inputNumbers, readsDoubles: keepingDoubles), nil)
    default: format = .floats(rest: [], byteCount: 0)
    }
  }

  /// What holds the items, for sentences.
  var field: String {
    switch format {
    case .table, .columns: "the table"
    case .array: "array"
    case .floats: "items"
    }
  }

  /// What a user should know of how the rows so far were read.
  package var notes: [String] {
    switch format {
    case .table(let table): table.notes
    case .columns(let table): table.notes
    case .array, .floats: []
    }
  }

  /// The columns of a table as its cells so far are written.
  var written: [TableSpace.Column]? {
    switch format {
    case .table(let table): table.writtenColumns
    case .columns(let table): table.writtenColumns
    case .array, .floats: nil
    }
  }

  package mutating func feed(_ bytes: [UInt8]) throws {
    switch format {
    case .table(var table):
      // One owner at a time, so that nothing is copied.
      format = .floats(rest: [], byteCount: 0)
      try table.feed(bytes)
      format = .table(table)
    case .columns(var table):
      format = .floats(rest: [], byteCount: 0)
      table.feed(bytes)
      format = .columns(table)
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
      try table.finish()
      format = .table(table)
    case .columns(var table):
      table.finish()
      format = .columns(table)
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
      try table.read(into: &scalars, &doubles, upTo: blockRows * signature.width, after: count)
      return takeBlock(layout: table.layout) { table.takeText() }
    case .columns(var table):
      format = .floats(rest: [], byteCount: 0)
      defer { format = .columns(table) }
      try table.read(into: &scalars, &doubles, upTo: blockRows * signature.width, after: count)
      return takeBlock(layout: table.layout) { table.takeText() }
    case .array(var array, var layout):
      format = .floats(rest: [], byteCount: 0)
      defer { format = .array(array, layout) }
      guard let shape = array.shape else { return nil }
      // An array of means alone.
      let isNarrow = codes.map { shape.count == 2 && shape[1] == $0.latent } ?? false
      if layout == nil {
        layout = try Items.layout(ofShape: isNarrow ? [shape[0], signature.width] : shape, field: "array", signature: signature)
      }
      if keepsDoubles {
        if let more = try array.nextDoubles(blockRows - scalars.count / signature.width) { append(more) }
      } else if let more = try array.next(blockRows - scalars.count / signature.width) {
        append(isNarrow ? codes?.spread(more) ?? more : more)
      }
      return takeBlock(layout: layout ?? .nested(field: "array", shape: []))
    case .floats(var rest, let byteCount):
      format = .floats(rest: [], byteCount: byteCount)
      let itemBytes = 4 * signature.width
      let rows = min(blockRows - scalars.count / signature.width, rest.count / itemBytes)
      let floats = FloatBytes.decode(rest[..<(rows * itemBytes)])
      if keepsDoubles { append(floats.map(NPY.double)) } else { append(floats) }
      rest.removeFirst(rows * itemBytes)
      format = .floats(rest: rest, byteCount: byteCount)
      return takeBlock(layout: .nested(field: "items", shape: signature.space.shape))
    }
  }

  private mutating func append(_ numbers: [Float]) {
    let numbers = marks.isEmpty ? numbers : marks.removed(from: numbers)
    if scalars.isEmpty { scalars = numbers } else { scalars += numbers }
  }

  private mutating func append(_ numbers: [Double]) {
    let numbers = marks.isEmpty ? numbers : marks.removed(from: numbers)
    doubles += numbers
    scalars += numbers.map { Float($0) }
  }

  private mutating func takeBlock(layout: Items.Layout, sent: () -> SentTable? = { nil }) -> Items? {
    let rows = scalars.count / signature.width
    guard rows == blockRows || (isFinished && rows > 0) else { return nil }
    defer { (scalars, doubles, count) = ([], [], count + rows) }
    let exact = signature.space.table.flatMap { table in
      table.isExact && !doubles.isEmpty ? doubles.withUnsafeBufferPointer(table.toModel) : nil
    }
    var items = Items(
      raw: Tensor(shape: [rows, signature.width], scalars: scalars), exact: exact, doubles: keepsDoubles ? doubles : nil, layout: layout,
      sent: sent(), firstRow: count)
    items.isAnsweredAsBefore = isOfFirstEdition
    return items
  }
}
