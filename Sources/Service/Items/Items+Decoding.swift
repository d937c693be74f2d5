package import Formats
package import Modelling
internal import Tensors

// One reader a media type. Each takes any model's signature and says, where the items don't fit it, what was given and what was expected.
extension Items {
  /// Nested numbers: [n, extents of an item...], or [n, width] with every item flat.
  package static func nested(
    _ array: NumberArray, field: String, signature: Signature, limits: ServiceLimits, options: TableOptions? = TableOptions()
  ) throws -> Items {
    let layout = try layout(ofShape: array.shape, field: field, signature: signature)
    try check(count: array.shape[0], field: field, limits: limits)
    let width = signature.space.tokens == nil ? signature.width : array.shape[1]
    let scalars = MissingNumbers(signature, options).removed(from: array.scalars)
    return Items(raw: Tensor(shape: [array.shape[0], width], scalars: scalars), layout: layout)
  }

  /// Nested numbers as a JSON field has them.
  static func numbers(
    _ value: JSONValue, field: String, signature: Signature, limits: ServiceLimits, options: TableOptions? = TableOptions(),
    codes: CodeLayout? = nil
  ) throws -> Items {
    if case .numbers(let array) = value, let codes, array.shape.count == 2, array.shape[1] == codes.latent {
      let rows = NumberArray(shape: [array.shape[0], signature.width], scalars: codes.spread(array.scalars))
      return try .nested(rows, field: field, signature: signature, limits: limits, options: options)
    }
    if case .numbers(let array) = value { return try .nested(array, field: field, signature: signature, limits: limits, options: options) }
    let given = String(decoding: value.text.prefix(60), as: UTF8.self)
    throw Problem(
      .impossible, "\(field) is no array of numbers: \(given)\(given.utf8.count == 60 ? "..." : "").", field: field, given: given,
      expected: "nested arrays of numbers, null for a missing one")
  }

  /// The rows of a table as a JSON field has them, read as doubles: [n, width].
  static func doubles(_ value: JSONValue, field: String, signature: Signature, limits: ServiceLimits, options: TableOptions?) throws -> Items {
    let width = signature.width
    func refusal(_ place: String, _ given: JSONValue, _ expected: String) -> Problem {
      let given = String(decoding: given.text.prefix(60), as: UTF8.self)
      return Problem(.impossible, "\(place) is \(given), expected \(expected).", field: place, given: given, expected: expected)
    }
    guard case .array(let rows) = value else { throw refusal(field, value, "an array of rows of \(width) numbers") }
    try check(count: rows.count, field: field, limits: limits)
    var numbers: [Double] = []
    numbers.reserveCapacity(rows.count * width)
    for (index, row) in rows.enumerated() {
      guard case .array(let cells) = row, cells.count == width else { throw refusal("\(field)[\(index)]", row, "a row of \(width) numbers") }
      for (column, cell) in cells.enumerated() {
        switch cell {
        case .null: numbers.append(.nan)
        case .number(let number): numbers.append(number)
        case .integer(let whole) where Double(exactly: whole) != nil: numbers.append(Double(whole))
        case .integer, .bool, .string, .array, .object, .numbers:
          throw refusal("\(field)[\(index)][\(column)]", cell, "a number that a double holds, or null")
        }
      }
    }
    let marks = MissingNumbers(signature, options)
    if !marks.isEmpty { numbers = marks.removed(from: numbers) }
    let raw = Tensor(shape: [rows.count, width], scalars: numbers.map { Float($0) })
    return Items(raw: raw, doubles: numbers, layout: .nested(field: field, shape: [width]))
  }

  /// How the cells of an array of this shape are spoken of.
  static func layout(ofShape shape: [Int], field: String, signature: Signature) throws -> Layout {
    let extents = Array(shape.dropFirst())
    // Shorter texts are shorter rows.
    if let texts = signature.space.tokens, extents.count == 1, (1..<texts.atMost).contains(extents[0]) {
      return .nested(field: field, shape: extents)
    }
    let accepted = acceptedExtents(signature)
    guard !shape.isEmpty, accepted.contains(extents) else {
      let expected = accepted.map { "[n, \($0.map(String.init).joined(separator: ", "))]" }.joined(separator: " or ")
      let hint = accepted.contains(shape) ? "; put a single item into brackets of its own" : ""
      throw Problem(.impossible, "\(field) has the shape \(shape), expected \(expected)\(hint).", field: field, given: "\(shape)", expected: expected)
    }
    return .nested(field: field, shape: extents)
  }

  private static func acceptedExtents(_ signature: Signature) -> [[Int]] {
    var accepted = [signature.space.shape]
    if let image = signature.space.picture, image.channels == 1 {
      for shape in [[image.height, image.width], [1, image.height, image.width], [image.height, image.width, 1]] where !accepted.contains(shape) {
        accepted.append(shape)
      }
    }
    if !accepted.contains([signature.width]) { accepted.append([signature.width]) }
    return accepted
  }

  /// Objects by column name, in any order of the names; columns that the model leaves out may be among them.
  package static func objects(
    _ rows: JSONValue, signature: Signature, limits: ServiceLimits, options: TableOptions? = TableOptions(), keepingText: Bool = false,
    keepingDoubles: Bool = false, field: String = "rows"
  ) throws -> Items {
    guard let columns = signature.space.names else {
      throw Problem(.impossible, "\(field) are for tables; this model takes \(signature.space.summary): send them as inputs.", field: field)
    }
    guard case .array(let rows) = rows else { throw Problem(.impossible, "\(field) is no array, expected an array of objects.", field: field) }
    try check(count: rows.count, field: field, limits: limits)
    let (table, cells) = (signature.space.table, JSONCells(signature, options))
    let ignored = Set(table?.ignored ?? [])
    let positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    var numbers: [Double] = []
    numbers.reserveCapacity(rows.count * columns.count)
    for (index, row) in rows.enumerated() {
      guard case .object(let members) = row else { throw Problem(.impossible, "\(field)[\(index)] is no object.", field: "\(field)[\(index)]") }
      var values = [Double?](repeating: nil, count: columns.count)
      for member in members {
        guard let position = positions[member.name] else {
          if ignored.contains(member.name) { continue }
          throw unknownColumn(member.name, field: "\(field)[\(index)]", columns: columns)
        }
        values[position] = try cells.number(member.value, at: position, field: "\(field)[\(index)].\(member.name)")
      }
      if let absent = values.firstIndex(of: nil) { throw missingColumn(columns[absent], field: "\(field)[\(index)]", columns: columns) }
      numbers += values.compactMap { $0 }
    }
    let exact = table.flatMap { table in table.isExact ? numbers.withUnsafeBufferPointer(table.toModel) : nil }
    return Items(
      raw: Tensor(shape: [rows.count, columns.count], scalars: numbers.map { Float($0) }), exact: exact, doubles: keepingDoubles ? numbers : nil,
      layout: .named(field: field, columns: columns), sent: keepingText ? .objects(rows) : nil)
  }

  static func code(_ name: String, of column: TableSpace.Column, field: String) throws -> Float {
    if let code = column.code(of: name) { return Float(code) }
    let known = list(column.categories ?? [])
    let given = "\"\(name.prefix(60))\""
    throw Problem(
      .impossible, "\(field) is \(given), a category that this model doesn't know; it knows \(known).", field: field, given: given,
      expected: "one of \(known)")
  }

  /// Items in CSV, NPY or raw floats, all of them at once.
  static func whole(
    _ bytes: [UInt8], _ type: MediaType, signature: Signature, limits: ServiceLimits, options: TableOptions?, keepingText: Bool,
    codes: CodeLayout? = nil
  ) throws -> Items {
    var reader = try ItemReader(
      type, signature: signature, blockRows: limits.inputItems, limits: limits, options: options, keepingText: keepingText,
      codes: codes)
    try reader.feed(bytes)
    try reader.finish()
    let items = try reader.next()
    // One more than there may be.
    let count = try items.map { try $0.count + (reader.next()?.count ?? 0) } ?? 0
    try check(count: count, field: reader.field, limits: limits)
    guard var items else { preconditionFailure("no items were refused") }
    items.notes = reader.notes
    return items
  }

  /// One picture; its samples 0...255 become the signature's range.
  package static func png(_ bytes: [UInt8], signature: Signature) throws -> Items {
    guard let image = signature.space.picture else {
      throw Problem(.unsupportedMedia, "image/png is for images; this model takes \(signature.space.summary).")
    }
    // Before it is decoded: a small file may be a huge picture.
    let size = PNG.size(of: bytes) ?? (image.width, image.height)
    guard size.height == image.height, size.width == image.width else {
      let (given, expected) = ("\(size.width) x \(size.height)", "\(image.width) x \(image.height)")
      throw Problem(
        .impossible, "The picture is \(given) pixels (width x height), this model takes \(expected).", field: "image", given: given,
        expected: expected)
    }
    let decoded = try PNG.read(bytes, as: image.channels == 1 ? .grey : .rgb)
    let raster = decoded.raster
    let (black, white) = (image.range.lowerBound, image.range.upperBound)
    let scale = (white - black) / 255
    let scalars = raster.pixels.map { Swift.min(black + Float($0) * scale, white) }
    var items = Items(raw: Tensor(shape: [1, signature.width], scalars: scalars), layout: .nested(field: "image", shape: signature.space.shape))
    items.notes = decoded.notes
    return items.losing(decoded.lost)
  }

  static func check(count: Int, field: String, limits: ServiceLimits) throws {
    guard count > 0 else { throw empty(field) }
    guard count <= limits.inputItems else {
      throw Problem(
        .impossible, "\(field) holds more items than one request may send: at most \(limits.inputItems).", field: field,
        given: "\(count)", expected: "at most \(limits.inputItems)")
    }
  }

  static func empty(_ field: String) -> Problem {
    Problem(.impossible, "\(field) holds no item, expected at least 1.", field: field, given: "0", expected: "at least 1")
  }

  /// Where the columns of a signature stand among those of a table; nil for one that it lacks and may lack.
  /// - Parameters:
  ///   - ignored: columns that a model leaves out; `nameless` are the places of others.
  ///   - index: a column of names of rows, by its name or its number from 1.
  static func places(
    of names: [String], in header: [String], field: String, ignored: Set<String>, nameless: Set<Int> = [], index: String?, optional: Set<String>
  ) throws -> [Int?] {
    let positions = Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in first }
    let known = Set(names)
    let index = index.flatMap { column in positions[column] ?? Int(column).map { $0 - 1 } }
    for (place, name) in header.enumerated() where !known.contains(name) && !ignored.contains(name) {
      guard !nameless.contains(place), place != index else { continue }
      throw unknownColumn(name, field: field, columns: names)
    }
    if let absent = names.first(where: { positions[$0] == nil && !optional.contains($0) }) {
      throw missingColumn(absent, field: field, columns: names)
    }
    return names.map { positions[$0] }
  }

  static func unknownColumn(_ name: String, field: String, columns: [String]) -> Problem {
    Problem(
      .impossible, "\(field) has a column \"\(name)\" that this model doesn't know; it knows \(list(columns)).", field: name, given: name,
      expected: list(columns))
  }

  static func missingColumn(_ name: String, field: String, columns: [String]) -> Problem {
    Problem(
      .impossible, "\(field) has no column \"\(name)\"; expected are \(list(columns)), and null (in CSV an empty field) for a missing value.",
      field: name, given: "no such column", expected: list(columns))
  }
}
