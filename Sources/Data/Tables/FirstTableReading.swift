internal import Formats
internal import Modelling

/// A CSV file as a table of typed columns, as builds before 0.3 read it: runs that they recorded are of such data.
struct FirstTableReading {
  /// The table's path, for errors.
  let source: String
  /// The columns to read, in this order, others being left out; nil: all of them, their types inferred.
  let columns: [TableSpace.Column]?
  /// Marks of a missing cell; nil for the usual ones.
  let missing: [String]?
  /// Between fields; nil: read from the header.
  let delimiter: DataSource.Delimiter?
  /// Whether missing cells and categories are allowed.
  let isMixed: Bool
  /// A column that is not read where the columns are inferred.
  var leavingOut: String?

  /// Fewer categories than this, where an unlisted text would more likely be a slip among numbers than a category.
  static let mostInferredCategories = 256

  /// [rows, columns] with NaN for a missing cell, and the signature.
  func read(_ bytes: [UInt8]) throws -> (values: [Float], signature: Signature) {
    var options = CSVOptions()
    options.missing = missing.map(Set.init) ?? CSVOptions.firstMarks
    options.delimiter = delimiter?.rawValue.utf8.first ?? CSVOptions.delimiter(of: bytes)
    let columns = try complete(bytes, options)
    let signature = Signature.table(columns, missing: missing)
    try signature.check()
    var reader = try CSVReader(bytes, options: options)
    let fields = try columns.map { try field(of: $0, reader.header) }
    var values: [Float] = []
    while let record = try reader.next() {
      for (column, field) in zip(columns, fields) { values.append(try value(field, of: column, in: record, reader)) }
    }
    return (values, signature)
  }

  private func field(of column: TableSpace.Column, _ header: [String]) throws -> Int {
    guard let field = header.firstIndex(of: column.name) else {
      throw DataError("\(source) has no column \"\(column.name)\"; it has \(header.joined(separator: ", "))")
    }
    return field
  }

  private func value(_ field: Int, of column: TableSpace.Column, in record: CSVRecord, _ reader: CSVReader) throws -> Float {
    func place(_ text: String) -> DataError { DataError("\(source), line \(record.line), column \"\(column.name)\" \(text)") }
    if record.fields[field].isMissing {
      guard isMixed else { throw place("is missing: this family learns from complete rows") }
      return .nan
    }
    let text = record.fields[field].value
    guard !column.type.isDiscrete else {
      guard let code = column.code(of: text) else {
        throw place("is \"\(text.prefix(40))\", none of its categories: \((column.categories ?? []).prefix(20).joined(separator: ", "))")
      }
      return Float(code)
    }
    guard let number = try reader.number(field, in: record), Float(number).isFinite else { throw place("is \(text), more than float32 can hold") }
    guard column.accepts(Float(number)) else {
      throw place("is \(text.prefix(40)), expected \(column.expectation): its type is \(column.type.rawValue)")
    }
    return Float(number)
  }
}

// MARK: What a table says of its columns

extension FirstTableReading {
  /// The columns with their types and categories, which are read from the table where they were not given.
  private func complete(_ bytes: [UInt8], _ options: CSVOptions) throws -> [TableSpace.Column] {
    var reader = try CSVReader(bytes, options: options)
    let header = reader.header
    guard let columns else {
      let fields = header.indices.filter { header[$0] != leavingOut }
      guard isMixed else { return fields.map { TableSpace.Column(name: header[$0], type: .real) } }
      return try zip(fields, scanned(fields, &reader)).map { try inferred(header[$0], $1) }
    }
    let open = columns.filter { $0.type.isDiscrete && $0.categories == nil }
    guard !open.isEmpty else { return columns }
    let contents = try scanned(open.map { try field(of: $0, header) }, &reader)
    let categories = try Dictionary(zip(open, contents).map { ($0.name, try listed($0.name, $1)) }) { first, _ in first }
    return columns.map { column in
      guard let names = categories[column.name] else { return column }
      return TableSpace.Column(name: column.name, type: column.type, categories: names, unknownCategory: column.unknownCategory)
    }
  }

  /// What one column holds: its different texts, as far as they are few, and the first that is not a number.
  private struct Content {
    var texts: Set<String> = []
    var refusal: CSVError?
  }

  private func scanned(_ fields: [Int], _ reader: inout CSVReader) throws -> [Content] {
    var contents = [Content](repeating: Content(), count: fields.count)
    while let record = try reader.next() {
      for (index, field) in fields.enumerated() where !record.fields[field].isMissing {
        if contents[index].refusal == nil {
          do throws(CSVError) { _ = try reader.number(field, in: record) } catch { contents[index].refusal = error }
        }
        if contents[index].texts.count <= Self.mostInferredCategories { contents[index].texts.insert(record.fields[field].value) }
      }
    }
    return contents
  }

  /// Numbers are real, except that a column of 0 and 1 is binary; texts are categories, two of them binary.
  ///
  /// Nothing else is taken for a type of its own: whole numbers may be counts, ranks or codes, and only the user knows.
  private func inferred(_ name: String, _ content: Content) throws -> TableSpace.Column {
    guard content.refusal == nil else {
      let categories = try listed(name, content)
      return TableSpace.Column(name: name, type: categories.count == 2 ? .binary : .categorical, categories: categories)
    }
    let numbers = Set(content.texts.prefix(Self.mostInferredCategories).compactMap { DecimalText.double($0) })
    return TableSpace.Column(name: name, type: numbers == [0, 1] ? .binary : .real)
  }

  /// The categories of a column: in the order of their numbers where all are numbers, which may be written in several ways, else of their names.
  private func listed(_ name: String, _ content: Content) throws -> [String] {
    guard content.texts.count <= Self.mostInferredCategories else {
      let place = content.refusal.map { ", the first at line \($0.line) (\($0.given))" } ?? ""
      throw DataError(
        "\(source), column \"\(name)\" has more than \(Self.mostInferredCategories) different texts\(place): correct them, leave the column out of "
          + "data.columns, or list its categories there")
    }
    let names = content.texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard content.refusal == nil else { return names }
    let shortestFirst = names.sorted { $0.utf8.count < $1.utf8.count }
    let byNumber = Dictionary(shortestFirst.compactMap { text in DecimalText.double(text).map { ($0, text) } }) { first, _ in first }
    return byNumber.sorted { $0.key < $1.key }.map(\.value)
  }
}
