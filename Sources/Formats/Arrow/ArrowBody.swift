/// The columns of a batch as they lie in its body; rows become values when they are asked for.
struct ArrowBody: Sendable {
  let count: Int
  private let bytes: [UInt8]
  private let columns: [Column]

  private struct Column: Sendable {
    let field: ArrowField
    let nulls: Int
    /// One bit a row, 1 where there is a value; empty where there is one in every row.
    let validity: Range<Int>
    let data: Range<Int>
    /// Where texts begin and end in the data.
    let offsets: Range<Int>
    let dictionary: [String]
  }

  /// - Parameter fields: with the texts of those that have a dictionary.
  init(_ layout: ArrowBatchLayout, _ fields: [(field: ArrowField, dictionary: [String])], _ bytes: [UInt8]) throws(FormatError) {
    (count, self.bytes) = (layout.count, bytes)
    guard layout.nodes.count == fields.count else { throw .arrow("\(layout.nodes.count) columns in a batch", "\(fields.count), as in the schema") }
    var (columns, rest): ([Column], ArraySlice<Range<Int>>) = ([], layout.buffers[...])
    for ((field, dictionary), node) in zip(fields, layout.nodes) {
      let place = "column \"\(field.name.prefix(60))\""
      func buffer(_ size: Int, _ name: String) throws(FormatError) -> Range<Int> {
        guard let range = rest.popFirst() else { throw .arrow("\(place) without a buffer of \(name)", "one") }
        guard range.count >= size else { throw .arrow("\(place) with \(range.count) bytes of \(name)", "at least \(size) for \(layout.count) rows") }
        return range
      }
      if case .null = field.storage {
        columns.append(Column(field: field, nulls: layout.count, validity: 0..<0, data: 0..<0, offsets: 0..<0, dictionary: []))
        continue
      }
      let bitmap = (layout.count + 7) / 8
      let validity = try buffer(node.nulls > 0 ? bitmap : 0, "which rows have a value")
      var offsets = 0..<0
      if case .text(let isLarge) = field.storage { offsets = try buffer(layout.count == 0 ? 0 : (layout.count + 1) * (isLarge ? 8 : 4), "offsets") }
      let size: Int? =
        switch field.storage {
        case .bool: bitmap
        case .null, .text: 0
        case .integer(let bits, _), .float(let bits): (bits / 8).productOrNil(layout.count)
        case .date(let inMilliseconds): (inMilliseconds ? 8 : 4).productOrNil(layout.count)
        case .timestamp: 8.productOrNil(layout.count)
        }
      guard let size else { throw FlatBufferTable.damaged }
      let data = try buffer(size, "values")
      columns.append(
        Column(
          field: field, nulls: node.nulls, validity: node.nulls > 0 ? validity : 0..<0, data: data, offsets: offsets, dictionary: dictionary))
    }
    guard rest.isEmpty else { throw .arrow("\(layout.buffers.count) buffers of a batch", "\(layout.buffers.count - rest.count)") }
    self.columns = columns
  }

  func batch(_ rows: Range<Int>) throws(FormatError) -> ArrowBatch {
    var values: [ArrowColumn] = []
    for column in columns { values.append(try self.values(column, rows)) }
    return ArrowBatch(count: rows.count, columns: values)
  }

  private func values(_ column: Column, _ rows: Range<Int>) throws(FormatError) -> ArrowColumn {
    let nulls = column.validity.isEmpty ? [] : rows.map { !bit($0, in: column.validity) }
    let values: ArrowColumn.Values
    switch column.field.storage {
    case .null: return ArrowColumn(.nulls(rows.count))
    case .bool: values = .bools(rows.map { bit($0, in: column.data) })
    case .text(let isLarge): values = .texts(try texts(column, rows, nulls, isLarge: isLarge))
    case .float(16): values = .floats(numbers(column.data, rows) { (bits: UInt16) in Float(Float16(bitPattern: bits)) })
    case .float(32): values = .floats(numbers(column.data, rows) { Float(bitPattern: $0) })
    case .float: values = .doubles(numbers(column.data, rows) { Double(bitPattern: $0) })
    case .date(inMilliseconds: false): values = .integers(numbers(column.data, rows) { (value: Int32) in Int64(value) })
    case .date, .timestamp: values = .integers(numbers(column.data, rows) { (value: Int64) in value })
    case .integer(let bits, let isSigned):
      let integers = try integers(column, rows, nulls, bits: bits, isSigned: isSigned)
      guard column.field.dictionary != nil else {
        values = .integers(integers)
        break
      }
      var texts: [String] = []
      texts.reserveCapacity(rows.count)
      for (row, index) in integers.enumerated() {
        if !nulls.isEmpty, nulls[row] {
          texts.append("")
          continue
        }
        guard (0..<Int64(column.dictionary.count)).contains(index) else {
          throw .arrow(
            "column \"\(column.field.name.prefix(60))\" with the index \(index)", "one of the \(column.dictionary.count) texts of its dictionary")
        }
        texts.append(column.dictionary[Int(index)])
      }
      values = .texts(texts)
    }
    return ArrowColumn(values, nulls: nulls)
  }

  private func bit(_ row: Int, in range: Range<Int>) -> Bool { bytes[range.lowerBound + row / 8] >> UInt8(row % 8) & 1 == 1 }

  private func numbers<Stored: FixedWidthInteger, Number>(_ range: Range<Int>, _ rows: Range<Int>, _ number: (Stored) -> Number) -> [Number] {
    let width = MemoryLayout<Stored>.size
    return bytes.withUnsafeBytes { bytes in
      rows.map { number(Stored(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound + width * $0, as: Stored.self))) }
    }
  }

  private func integers(
    _ column: Column, _ rows: Range<Int>, _ nulls: [Bool], bits: Int, isSigned: Bool
  ) throws(FormatError) -> [Int64] {
    switch (bits, isSigned) {
    case (8, true): return numbers(column.data, rows) { (value: Int8) in Int64(value) }
    case (8, false): return numbers(column.data, rows) { (value: UInt8) in Int64(value) }
    case (16, true): return numbers(column.data, rows) { (value: Int16) in Int64(value) }
    case (16, false): return numbers(column.data, rows) { (value: UInt16) in Int64(value) }
    case (32, true): return numbers(column.data, rows) { (value: Int32) in Int64(value) }
    case (32, false): return numbers(column.data, rows) { (value: UInt32) in Int64(value) }
    case (_, true): return numbers(column.data, rows) { (value: Int64) in value }
    case (_, false):
      let values = numbers(column.data, rows) { (value: Int64) in value }
      if let row = values.indices.first(where: { values[$0] < 0 && (nulls.isEmpty || !nulls[$0]) }) {
        throw .arrow(
          .tooLarge, "column \"\(column.field.name.prefix(60))\" with \(UInt64(bitPattern: values[row]))", "at most \(Int64.max)")
      }
      return values
    }
  }

  private func texts(_ column: Column, _ rows: Range<Int>, _ nulls: [Bool], isLarge: Bool) throws(FormatError) -> [String] {
    guard !rows.isEmpty else { return [] }
    let ends = rows.lowerBound..<rows.upperBound + 1
    let places =
      isLarge ? numbers(column.offsets, ends) { (value: Int64) in value } : numbers(column.offsets, ends) { (value: Int32) in Int64(value) }
    var texts: [String] = []
    texts.reserveCapacity(rows.count)
    for row in 0..<rows.count {
      let (start, end) = (places[row], places[row + 1])
      guard 0 <= start, start <= end, end <= Int64(column.data.count) else {
        throw .arrow("column \"\(column.field.name.prefix(60))\" with a text from \(start) to \(end)", "places within its \(column.data.count) bytes")
      }
      if !nulls.isEmpty, nulls[row] {
        texts.append("")
        continue
      }
      guard let text = String(validating: bytes[column.data.lowerBound + Int(start)..<column.data.lowerBound + Int(end)], as: UTF8.self) else {
        throw .arrow("column \"\(column.field.name.prefix(60))\" with a text that is not UTF-8", "UTF-8")
      }
      texts.append(text)
    }
    return texts
  }
}

extension Int {
  fileprivate func productOrNil(_ other: Int) -> Int? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }
}
