package import Formats
package import Models
internal import Tensors

// One reader a media type. Each takes any model's signature and says, where the items don't fit it, what was given and what was expected.
extension Items {
  /// Nested numbers: [n, extents of an item...], or [n, width] with every item flat.
  package static func nested(_ array: NumberArray, field: String, signature: Signature, limits: ServiceLimits) throws -> Items {
    let extents = Array(array.shape.dropFirst())
    let accepted = acceptedExtents(signature)
    guard let count = array.shape.first, accepted.contains(extents) else {
      let expected = accepted.map { "[n, \($0.map(String.init).joined(separator: ", "))]" }.joined(separator: " or ")
      let hint = accepted.contains(array.shape) ? "; put a single item into brackets of its own" : ""
      throw Problem(
        .impossible, "\(field) has the shape \(array.shape), expected \(expected)\(hint).", field: field, given: "\(array.shape)", expected: expected)
    }
    try check(count: count, field: field, limits: limits)
    return Items(raw: Tensor(shape: [count, signature.width], scalars: array.scalars), layout: .nested(field: field, shape: extents))
  }

  private static func acceptedExtents(_ signature: Signature) -> [[Int]] {
    var accepted = [signature.itemShape]
    if let image = signature.image, image.channels == 1 {
      for shape in [[image.height, image.width], [image.height, image.width, 1]] where !accepted.contains(shape) { accepted.append(shape) }
    }
    if !accepted.contains([signature.width]) { accepted.append([signature.width]) }
    return accepted
  }

  /// Objects by column name, in any order of the names.
  package static func objects(_ rows: JSONValue, signature: Signature, limits: ServiceLimits, keepingText: Bool = false) throws -> Items {
    guard let columns = signature.columnNames else {
      throw Problem(.impossible, "rows are for tables; this model takes \(signature.itemDescription): send them as inputs.", field: "rows")
    }
    guard case .array(let rows) = rows else { throw Problem(.impossible, "rows is no array, expected an array of objects.", field: "rows") }
    try check(count: rows.count, field: "rows", limits: limits)
    let positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    var scalars: [Float] = []
    scalars.reserveCapacity(rows.count * columns.count)
    for (index, row) in rows.enumerated() {
      guard case .object(let members) = row else { throw Problem(.impossible, "rows[\(index)] is no object.", field: "rows[\(index)]") }
      var values = [Float?](repeating: nil, count: columns.count)
      for member in members {
        guard let position = positions[member.name] else { throw unknownColumn(member.name, field: "rows[\(index)]", columns: columns) }
        values[position] = try cell(member.value, of: signature.columns?[position], field: "rows[\(index)].\(member.name)")
      }
      if let absent = values.firstIndex(of: nil) { throw missingColumn(columns[absent], field: "rows[\(index)]", columns: columns) }
      scalars += values.compactMap { $0 }
    }
    return Items(
      raw: Tensor(shape: [rows.count, columns.count], scalars: scalars), layout: .named(field: "rows", columns: columns),
      sent: keepingText ? .objects(rows) : nil)
  }

  /// A number, or the code of a category, whose name may look like a number or a truth value; NaN for null.
  private static func cell(_ value: JSONValue, of column: Signature.Column?, field: String) throws -> Float {
    guard let column, column.type.isDiscrete, value != .null else { return try number(value, field: field) }
    switch value {
    case .string(let name): return try code(name, of: column, field: field)
    case .bool, .integer, .number: return try code(String(decoding: value.text, as: UTF8.self), of: column, field: field)
    case .null, .array, .object, .numbers:
      let given = String(decoding: value.text.prefix(60), as: UTF8.self)
      throw Problem(.impossible, "\(field) is \(given), expected a category or null.", field: field, given: given, expected: "a category or null")
    }
  }

  private static func code(_ name: String, of column: Signature.Column, field: String) throws -> Float {
    if let code = column.code(of: name) { return Float(code) }
    let known = list(column.categories ?? [])
    let given = "\"\(name.prefix(60))\""
    throw Problem(
      .impossible, "\(field) is \(given), a category that this model doesn't know; it knows \(known).", field: field, given: given,
      expected: "one of \(known)")
  }

  private static func number(_ value: JSONValue, field: String) throws -> Float {
    let number: Double
    switch value {
    case .null: return .nan
    case .integer(let integer): number = Double(integer)
    case .number(let double): number = double
    case .bool, .string, .array, .object, .numbers:
      let given = String(decoding: value.text.prefix(60), as: UTF8.self)
      throw Problem(.impossible, "\(field) is \(given), expected a number or null.", field: field, given: given, expected: "a number or null")
    }
    guard Float(number).isFinite else {
      throw Problem(.impossible, "\(field) is \(number), expected a number within float32's range.", field: field, given: "\(number)")
    }
    return Float(number)
  }

  /// A header row with the names of the columns in any order, then one item a record.
  package static func csv(_ bytes: [UInt8], signature: Signature, limits: ServiceLimits, keepingText: Bool = false) throws -> Items {
    guard let columns = signature.columnNames else {
      throw Problem(.unsupportedMedia, "text/csv is for tables and vectors; this model takes \(signature.itemDescription).")
    }
    var reader = try CSVReader(bytes)
    let positions = Dictionary(uniqueKeysWithValues: reader.header.enumerated().map { ($1, $0) })
    let known = Set(columns)
    if let unknown = reader.header.first(where: { !known.contains($0) }) { throw unknownColumn(unknown, field: "the header", columns: columns) }
    if let absent = columns.first(where: { positions[$0] == nil }) { throw missingColumn(absent, field: "the header", columns: columns) }
    let order = columns.compactMap { positions[$0] }
    var scalars: [Float] = []
    var count = 0
    var records: [CSVRecord] = []
    while let record = try reader.next() {
      count += 1
      try check(count: count, field: "the table", limits: limits)
      if keepingText { records.append(record) }
      for (index, (column, field)) in zip(columns, order).enumerated() {
        if let known = signature.columns?[index], known.type.isDiscrete, !record.fields[field].isMissing {
          scalars.append(try code(record.fields[field].value, of: known, field: "rows[\(count - 1)].\(column)"))
          continue
        }
        let number = try reader.number(field, in: record)
        let value = number.map { Float($0) } ?? .nan
        guard number == nil || value.isFinite else {
          let place = "rows[\(count - 1)].\(column)"
          throw Problem(.impossible, "\(place) is beyond float32's range.", field: place, given: record.fields[field].value)
        }
        scalars.append(value)
      }
    }
    try check(count: count, field: "the table", limits: limits)
    return Items(
      raw: Tensor(shape: [count, columns.count], scalars: scalars), layout: .named(field: "rows", columns: columns),
      sent: keepingText ? .records(header: reader.header, records) : nil)
  }

  /// One picture; its samples 0...255 become the signature's range.
  package static func png(_ bytes: [UInt8], signature: Signature) throws -> Items {
    guard let image = signature.image, let range = signature.range else {
      throw Problem(.unsupportedMedia, "image/png is for images; this model takes \(signature.itemDescription).")
    }
    let raster = try PNG.decode(bytes, as: image.channels == 1 ? .grey : .rgb)
    guard raster.height == image.height, raster.width == image.width else {
      let (given, expected) = ("\(raster.width) x \(raster.height)", "\(image.width) x \(image.height)")
      throw Problem(
        .impossible, "The picture is \(given) pixels (width x height), this model takes \(expected).", field: "image", given: given,
        expected: expected)
    }
    let scale = (range[1] - range[0]) / 255
    let scalars = raster.pixels.map { Swift.min(range[0] + Float($0) * scale, range[1]) }
    return Items(raw: Tensor(shape: [1, signature.width], scalars: scalars), layout: .nested(field: "image", shape: signature.itemShape))
  }

  /// float32, little-endian, items one after the other without a header.
  package static func floats(_ bytes: [UInt8], signature: Signature, limits: ServiceLimits) throws -> Items {
    let itemBytes = 4 * signature.width
    guard bytes.count % itemBytes == 0, let scalars = FloatBytes.decode(bytes) else {
      let expected = "a multiple of \(itemBytes) bytes: \(signature.width) float32 an item"
      throw Problem(
        .impossible, "The body has \(bytes.count) bytes, expected \(expected).", field: "body", given: "\(bytes.count)", expected: expected)
    }
    let count = scalars.count / signature.width
    try check(count: count, field: "items", limits: limits)
    return Items(raw: Tensor(shape: [count, signature.width], scalars: scalars), layout: .nested(field: "items", shape: signature.itemShape))
  }

  static func check(count: Int, field: String, limits: ServiceLimits) throws {
    guard count > 0 else {
      throw Problem(.impossible, "\(field) holds no item, expected at least 1.", field: field, given: "0", expected: "at least 1")
    }
    guard count <= limits.inputItems else {
      throw Problem(
        .impossible, "\(field) holds more items than one request may send: at most \(limits.inputItems).", field: field,
        given: "\(count)", expected: "at most \(limits.inputItems)")
    }
  }

  private static func unknownColumn(_ name: String, field: String, columns: [String]) -> Problem {
    Problem(
      .impossible, "\(field) has a column \"\(name)\" that this model doesn't know; it knows \(list(columns)).", field: name, given: name,
      expected: list(columns))
  }

  private static func missingColumn(_ name: String, field: String, columns: [String]) -> Problem {
    Problem(
      .impossible, "\(field) has no column \"\(name)\"; expected are \(list(columns)), and null (in CSV an empty field) for a missing value.",
      field: name, given: "no such column", expected: list(columns))
  }
}

extension Signature {
  /// Names of an item's numbers: a table's columns, x0, x1, ... for a vector; nil for images.
  var columnNames: [String]? {
    switch kind {
    case .image: nil
    case .table: (columns ?? []).map(\.name)
    case .vector: (0..<width).map { "x\($0)" }
    }
  }

  /// What an item is, for sentences.
  var itemDescription: String {
    switch kind {
    case .image: "images of shape \(itemShape)"
    case .table: "tables of \(width) columns"
    case .vector: "vectors of \(width) numbers"
    }
  }
}
