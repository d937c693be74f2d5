/// What the metadata of a message say (Message.fbs, Schema.fbs of the Arrow columnar format, versions 4 and 5 of the metadata).
struct ArrowMessage {
  enum Header {
    case schema([ArrowField])
    case dictionary(id: Int64, ArrowBatchLayout, isDelta: Bool)
    case batch(ArrowBatchLayout)
  }

  let header: Header
  /// Bytes that follow the metadata.
  let bodyLength: Int

  /// - Parameters:
  ///   - columns: the most that there may be.
  ///   - bodyLimit: the most bytes of a body.
  init(_ metadata: [UInt8], columns: Int, bodyLimit: Int) throws(FormatError) {
    let message = try FlatBufferTable(root: metadata)
    let version = try message.number(0, Int16.self)
    guard version == 3 || version == 4 else { throw .arrow(.unsupported, "metadata of version V\(Int(version) + 1)", "V4 or V5") }
    let bodyLength = try message.number(3, Int64.self)
    guard bodyLength >= 0 else { throw .arrow("a body of \(bodyLength) bytes", "0 or more") }
    guard bodyLength <= bodyLimit else {
      throw .arrow(.tooLarge, "a batch of \(bodyLength) bytes", "at most \(bodyLimit): write batches of fewer rows")
    }
    self.bodyLength = Int(bodyLength)
    let kind = try message.number(1, UInt8.self)
    guard let table = try message.table(2) else { throw .arrow("a message without a header", "a schema, a dictionary or a batch") }
    switch kind {
    case 1: header = .schema(try Self.schema(table, columns, nameBytes: metadata.count))
    case 2:
      guard let batch = try table.table(1) else { throw .arrow("a dictionary without values", "a batch of them") }
      let (id, isDelta) = (try table.number(0, Int64.self), try table.bool(2))
      header = .dictionary(id: id, try ArrowBatchLayout(batch, bodyLength: self.bodyLength), isDelta: isDelta)
    case 3: header = .batch(try ArrowBatchLayout(table, bodyLength: self.bodyLength))
    default: throw .arrow(.unsupported, "a message of kind \(kind)", "a schema, a dictionary or a batch of a table")
    }
  }

  private static func schema(_ schema: FlatBufferTable, _ limit: Int, nameBytes: Int) throws(FormatError) -> [ArrowField] {
    guard try schema.number(0, Int16.self) == 0 else { throw .arrow(.unsupported, "a big-endian stream", "little-endian") }
    let tables = try schema.tables(1)
    guard tables.count <= limit else { throw .arrow(.tooLarge, "\(tables.count) columns", "at most \(limit)") }
    var (fields, names, bytes): ([ArrowField], Set<String>, Int) = ([], [], 0)
    for table in tables {
      let field = try Self.field(table)
      // Many fields can't be of one long name.
      bytes += field.name.utf8.count
      guard bytes <= nameBytes else { throw FlatBufferTable.damaged }
      guard names.insert(field.name).inserted else { throw .arrow("a column \"\(field.name.prefix(60))\" twice", "names that differ") }
      fields.append(field)
    }
    return fields
  }

  private static func field(_ table: FlatBufferTable) throws(FormatError) -> ArrowField {
    let name = try table.text(0) ?? ""
    let place = "a column \"\(name.prefix(60))\""
    guard let typeTable = try table.table(3) else { throw .arrow("\(place) without a type", "a type") }
    let kind = try table.number(2, UInt8.self)
    let type = try Self.type(kind, typeTable, place)
    guard let dictionary = try table.table(4) else { return ArrowField(name, type) }
    guard case .text = type else { throw .arrow(.unsupported, "\(place) with a dictionary of \(type)", "one of texts") }
    let id = try dictionary.number(0, Int64.self)
    // Without a type an index is an int32.
    guard let index = try dictionary.table(1) else { return ArrowField(name, type, dictionary: .init(id: id, indexBits: 32, isSigned: true)) }
    guard case .integer(let bits, let isSigned) = try Self.integer(index, place) else { throw FlatBufferTable.damaged }
    return ArrowField(name, type, dictionary: .init(id: id, indexBits: bits, isSigned: isSigned))
  }

  private static func integer(_ table: FlatBufferTable, _ place: String) throws(FormatError) -> ArrowType {
    let bits = Int(try table.number(0, Int32.self))
    guard [8, 16, 32, 64].contains(bits) else { throw .arrow("\(place) of integers of \(bits) bits", "8, 16, 32 or 64") }
    return .integer(bits: bits, isSigned: try table.bool(1))
  }

  /// What other types are called.
  private static let others = [
    4: "binary", 7: "decimal", 9: "time", 11: "interval", 12: "list", 13: "struct", 14: "union", 15: "fixed_size_binary", 16: "fixed_size_list",
    17: "map", 18: "duration", 19: "large_binary", 21: "large_list", 22: "run_end_encoded", 23: "binary_view", 24: "string_view", 25: "list_view",
    26: "large_list_view",
  ]

  private static func type(_ kind: UInt8, _ table: FlatBufferTable, _ place: String) throws(FormatError) -> ArrowType {
    switch kind {
    case 1: return .null
    case 2: return try integer(table, place)
    case 3:
      let precision = try table.number(0, Int16.self)
      guard (0...2).contains(precision) else { throw .arrow("\(place) of floats of precision \(precision)", "half, single or double") }
      return .float(bits: 16 << Int(precision))
    case 5: return .text(isLarge: false)
    case 6: return .bool
    case 8:
      let unit = try table.number(0, Int16.self, or: 1)
      guard (0...1).contains(unit) else { throw .arrow("\(place) of dates in the unit \(unit)", "days or milliseconds") }
      return .date(inMilliseconds: unit == 1)
    case 10:
      guard let unit = ArrowType.TimeUnit(rawValue: Int(try table.number(0, Int16.self))) else {
        throw .arrow("\(place) of times in an unknown unit", "s, ms, us or ns")
      }
      let zone = try table.text(1)
      return .timestamp(unit, zone: zone?.isEmpty == true ? nil : zone)
    case 20: return .text(isLarge: true)
    default:
      throw .arrow(
        .unsupported, "\(place) of type \(others[Int(kind)] ?? "number \(kind)")", "numbers, texts, truth values, dates or timestamps")
    }
  }
}

/// Where the columns of a batch lie in its body.
struct ArrowBatchLayout {
  let count: Int
  /// A column's rows, and how many of them have no value.
  let nodes: [(count: Int, nulls: Int)]
  let buffers: [Range<Int>]

  init(_ batch: FlatBufferTable, bodyLength: Int) throws(FormatError) {
    if let compression = try batch.table(3) {
      let name = try compression.number(0, Int8.self) == 0 ? "LZ4" : "ZSTD"
      throw .arrow(.unsupported, "a batch compressed by \(name)", "one that is not (in pyarrow IpcWriteOptions(compression=None))")
    }
    let length = try batch.number(0, Int64.self)
    // The narrowest value is a bit; so no row is for nothing.
    guard length >= 0, length <= 8 * Int64(bodyLength) else {
      throw .arrow("a batch of \(length) rows in \(bodyLength) bytes", "rows that are there")
    }
    count = Int(length)
    var nodes: [(count: Int, nulls: Int)] = []
    for (rows, nulls) in try batch.pairs(1) {
      guard rows == length, (0...length).contains(nulls) else {
        throw .arrow("a column of \(rows) rows with \(nulls) nulls in a batch of \(length) rows", "as many rows, and no more nulls than those")
      }
      nodes.append((count, Int(nulls)))
    }
    var (buffers, used): ([Range<Int>], Int) = ([], 0)
    for (offset, size) in try batch.pairs(2) {
      guard offset >= 0, size >= 0, offset <= Int64(bodyLength), size <= Int64(bodyLength) - offset else {
        throw .arrow("a buffer of \(size) bytes at \(offset) in a body of \(bodyLength)", "one that lies within")
      }
      used += Int(size)
      // So that little that is sent never stands for much that is read.
      guard used <= bodyLength else { throw .arrow("buffers that overlap", "each byte in one of them") }
      buffers.append(Int(offset)..<Int(offset + size))
    }
    (self.nodes, self.buffers) = (nodes, buffers)
  }
}
