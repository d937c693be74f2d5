/// Writes a table in the streaming format of Arrow's IPC: a schema, batches of rows, an end. Nothing is compressed, and no column has a dictionary.
package struct ArrowStreamWriter: Sendable {
  private let fields: [ArrowField]

  package init(_ fields: [ArrowField]) { self.fields = fields }

  /// Version 5 of the metadata.
  private static let version = Int16(4)

  /// What stands before the batches.
  package var schema: [UInt8] {
    var builder = FlatBufferBuilder()
    let fields = fields.map { field in
      let (kind, type) = Self.type(field.type, &builder)
      let (name, children) = (builder.text(field.name), builder.vector([Int]()))
      return builder.table([.place(name), .number(UInt8(1)), .number(kind), .place(type), nil, .place(children)])
    }
    let list = builder.vector(fields)
    let schema = builder.table([.number(Int16(0)), .place(list)])
    return Self.message(kind: 1, schema, &builder, body: [])
  }

  /// Rows as one batch; as several where their texts are more than the places of one can tell.
  package func batch(_ batch: ArrowBatch) -> [UInt8] {
    precondition(batch.columns.count == fields.count, "\(batch.columns.count) columns of \(fields.count)")
    if batch.count > 1, batch.columns.contains(where: { $0.textBytes > Int(Int32.max) }) {
      let half = batch.count / 2
      return self.batch(batch.rows(0..<half)) + self.batch(batch.rows(half..<batch.count))
    }
    var (body, nodes, buffers): ([UInt8], [(Int64, Int64)], [(Int64, Int64)]) = ([], [], [])
    func add(_ write: (inout [UInt8]) -> Void) {
      let start = body.count
      write(&body)
      buffers.append((Int64(start), Int64(body.count - start)))
      body.append(contentsOf: repeatElement(0, count: -body.count & 7))
    }
    for (field, column) in zip(fields, batch.columns) {
      if case .null = field.type {
        nodes.append((Int64(batch.count), Int64(batch.count)))
        continue
      }
      nodes.append((Int64(batch.count), Int64(column.nulls.reduce(0) { $0 + ($1 ? 1 : 0) })))
      if !column.nulls.isEmpty { add { Self.append(bits: column.nulls, is: false, to: &$0) } } else { add { _ in } }
      switch (field.type, column.values) {
      case (.bool, .bools(let values)): add { Self.append(bits: values, is: true, to: &$0) }
      case (.float(32), .floats(let values)): add { FloatBytes.append(values, to: &$0) }
      case (.float(64), .doubles(let values)): add { Self.append(values.lazy.map(\.bitPattern), to: &$0) }
      case (.date(inMilliseconds: false), .integers(let values)), (.integer(32, isSigned: true), .integers(let values)):
        add { Self.append(values.lazy.map { Int32(truncatingIfNeeded: $0) }, to: &$0) }
      case (.date, .integers(let values)), (.timestamp, .integers(let values)), (.integer(64, isSigned: true), .integers(let values)):
        add { Self.append(values, to: &$0) }
      case (.text(isLarge: false), .texts(let values)):
        var end = Int32(0)
        add { bytes in
          Self.append([end], to: &bytes)
          for value in values {
            end += Int32(value.utf8.count)
            Self.append([end], to: &bytes)
          }
        }
        add { bytes in for value in values { bytes.append(contentsOf: value.utf8) } }
      default: preconditionFailure("a column of \(field.type) with other values")
      }
    }
    var builder = FlatBufferBuilder()
    let (nodeList, bufferList) = (builder.vector(nodes), builder.vector(buffers))
    let table = builder.table([.number(Int64(batch.count)), .place(nodeList), .place(bufferList)])
    return Self.message(kind: 3, table, &builder, body: body)
  }

  /// What ends the stream.
  package static let end: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

  private static func message(kind: UInt8, _ header: Int, _ builder: inout FlatBufferBuilder, body: [UInt8]) -> [UInt8] {
    let message = builder.table([.number(version), .number(kind), .place(header), .number(Int64(body.count))])
    let metadata = builder.finish(message)
    var bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
    append([UInt32(metadata.count)], to: &bytes)
    return bytes + metadata + body
  }

  private static func type(_ type: ArrowType, _ builder: inout FlatBufferBuilder) -> (kind: UInt8, place: Int) {
    switch type {
    case .null: (1, builder.table([]))
    case .integer(let bits, let isSigned): (2, builder.table([.number(Int32(bits)), .number(UInt8(isSigned ? 1 : 0))]))
    case .float(let bits): (3, builder.table([.number(Int16(bits / 32))]))
    case .text(let isLarge): (isLarge ? 20 : 5, builder.table([]))
    case .bool: (6, builder.table([]))
    case .date(let inMilliseconds): (8, builder.table([.number(Int16(inMilliseconds ? 1 : 0))]))
    case .timestamp(let unit, let zone):
      (10, Self.timestamp(unit, zone.map { builder.text($0) }, &builder))
    }
  }

  private static func timestamp(_ unit: ArrowType.TimeUnit, _ zone: Int?, _ builder: inout FlatBufferBuilder) -> Int {
    builder.table([.number(Int16(unit.rawValue)), zone.map { .place($0) }])
  }

  private static func append(_ numbers: some Sequence<some FixedWidthInteger>, to bytes: inout [UInt8]) {
    for number in numbers { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
  }

  private static func append(bits: [Bool], is wanted: Bool, to bytes: inout [UInt8]) {
    for start in stride(from: 0, to: bits.count, by: 8) {
      var byte: UInt8 = 0
      for (bit, value) in bits[start..<min(start + 8, bits.count)].enumerated() where value == wanted { byte |= 1 << UInt8(bit) }
      bytes.append(byte)
    }
  }
}
