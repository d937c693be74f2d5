/// Reads a table in the streaming format of Arrow's IPC (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format) from bytes that come in
/// pieces: its columns, then rows. No more than a batch and a piece are kept, beside the dictionaries.
///
/// A message is 0xFFFFFFFF, the bytes of its metadata, these, and its body. The stream ends with a message without metadata: one that ends
/// without it may have been cut, and is refused. Nested columns, compressed batches and the formats before 0.15 are refused by name.
package struct ArrowStreamReader: Sendable {
  package struct Limits: Sendable {
    package var columns = 1 << 16
    package var metadataBytes = 16 << 20
    /// Of a batch, and of all dictionaries.
    package var batchBytes = 256 << 20

    package init() {}
  }

  /// nil until the schema has come.
  package private(set) var fields: [ArrowField]?
  private let limits: Limits
  private var bytes: [UInt8] = []
  private var position = 0
  private var isFinished = false
  /// Whether the message has come that ends the stream.
  private var hasEnded = false
  private var dictionaries: [Int64: [String]] = [:]
  private var dictionaryBytes = 0
  /// The batch that is given out, and its rows that were.
  private var body: ArrowBody?
  private var given = 0

  package init(limits: Limits = Limits()) { self.limits = limits }

  package mutating func feed(_ piece: [UInt8]) {
    precondition(!isFinished, "bytes after the end")
    if position == bytes.count {
      bytes = piece
      position = 0
    } else {
      // What was read is let go of once it is as much as what wasn't.
      if position > bytes.count / 2 {
        bytes.removeFirst(position)
        position = 0
      }
      bytes += piece
    }
  }

  /// No more bytes will come.
  package mutating func finish() { isFinished = true }

  /// The next rows, as many as there may be or as their batch still has; nil at the end, or where more bytes have to come first.
  package mutating func next(_ limit: Int) throws(FormatError) -> ArrowBatch? {
    while body.map({ given == $0.count }) ?? true {
      body = nil
      guard try readMessage() else { return nil }
    }
    guard let body else { return nil }
    let rows = given..<min(given + limit, body.count)
    given = rows.upperBound
    return try body.batch(rows)
  }

  /// The rows of a whole stream, none of which is read.
  package static func rowCount(of bytes: [UInt8]) throws(FormatError) -> Int {
    var (reader, count) = (ArrowStreamReader(), 0)
    reader.feed(bytes)
    reader.finish()
    while try reader.readMessage() {
      count += reader.body?.count ?? 0
      reader.body = nil
    }
    return count
  }

  /// - Returns: false at the end, or where more bytes have to come first.
  private mutating func readMessage() throws(FormatError) -> Bool {
    let left = bytes.count - position
    guard !hasEnded else {
      guard left == 0 else { throw .arrow("\(left) bytes after the end of the stream", "none") }
      return false
    }
    if left >= 4 || isFinished, left > 0 { try checkStart() }
    guard left >= 8 else {
      guard !isFinished else {
        throw left == 0 && fields == nil ? .arrow("no byte", "a stream of Arrow's IPC") : Self.cut
      }
      return false
    }
    let size = Int(word(at: position + 4))
    if size == 0 {
      guard fields != nil else { throw .arrow("the end of the stream before a schema", "a schema first") }
      (position, hasEnded) = (position + 8, true)
      return try readMessage()
    }
    guard size <= limits.metadataBytes else { throw .arrow(.tooLarge, "\(size) bytes of metadata", "at most \(limits.metadataBytes)") }
    guard left - 8 >= size else {
      if isFinished { throw Self.cut }
      return false
    }
    let start = position + 8 + size
    let message = try ArrowMessage(Array(bytes[position + 8..<start]), columns: limits.columns, bodyLimit: limits.batchBytes)
    guard bytes.count - start >= message.bodyLength else {
      if isFinished { throw Self.cut }
      return false
    }
    position = start + message.bodyLength
    try take(message.header, Array(bytes[start..<position]))
    return true
  }

  private static let cut = FormatError.arrow("a stream without its end", "one that ends with its end-of-stream marker")

  private func word(at place: Int) -> UInt32 {
    UInt32(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) })
  }

  private func checkStart() throws(FormatError) {
    let start = bytes[position...].prefix(4)
    guard start.allSatisfy({ $0 == 0xFF }) else {
      if start.elementsEqual("ARRO".utf8) {
        throw .arrow(.unsupported, "an Arrow file (Feather), whose footer comes last", "a stream (in pyarrow ipc.new_stream, ending .arrows)")
      }
      throw .arrow("a message that begins with \(start.map { String($0, radix: 16) }.joined(separator: " "))", "ff ff ff ff, as since Arrow 0.15")
    }
  }

  private mutating func take(_ header: ArrowMessage.Header, _ body: [UInt8]) throws(FormatError) {
    switch header {
    case .schema(let fields):
      guard self.fields == nil else { throw .arrow("a second schema", "one") }
      self.fields = fields
    case .dictionary(let id, let layout, let isDelta):
      guard let fields else { throw Self.early }
      guard let field = fields.first(where: { $0.dictionary?.id == id }) else { throw .arrow("a dictionary \(id)", "those of the schema's columns") }
      if !isDelta, let old = dictionaries[id] { dictionaryBytes -= Self.size(of: old) }
      let own = try ArrowBody(layout, [(ArrowField(field.name, field.type), [])], body).batch(0..<layout.count).columns[0]
      guard case .texts(let texts) = own.values, own.nulls.isEmpty else {
        throw .arrow(.unsupported, "a dictionary of column \"\(field.name.prefix(60))\" that has a null", "nulls among the indices")
      }
      dictionaryBytes += Self.size(of: texts)
      guard dictionaryBytes <= limits.batchBytes else {
        throw .arrow(.tooLarge, "dictionaries of \(dictionaryBytes) bytes", "at most \(limits.batchBytes)")
      }
      if isDelta { dictionaries[id, default: []] += texts } else { dictionaries[id] = texts }
    case .batch(let layout):
      guard let fields else { throw Self.early }
      var columns: [(field: ArrowField, dictionary: [String])] = []
      for field in fields {
        guard let dictionary = field.dictionary else {
          columns.append((field, []))
          continue
        }
        // Without a dictionary there are nulls alone.
        columns.append((field, dictionaries[dictionary.id] ?? []))
      }
      (self.body, given) = (try ArrowBody(layout, columns, body), 0)
    }
  }

  private static let early = FormatError.arrow("a batch before the schema", "the schema first")

  private static func size(of texts: [String]) -> Int { texts.reduce(0) { $0 + 16 + $1.utf8.count } }
}
