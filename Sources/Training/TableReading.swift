internal import Formats
internal import Models

/// A CSV file as a table of typed columns.
struct TableReading {
  /// The table's path, for errors.
  let source: String
  /// The columns to read, in this order, others being left out; nil: all of them, their types inferred.
  let columns: [Signature.Column]?
  /// Marks of a missing cell; nil for the usual ones.
  let missing: [String]?
  /// Whether missing cells and categories are allowed.
  let isMixed: Bool

  /// Fewer categories than this, where an unlisted text would more likely be a slip among numbers than a category.
  static let mostInferredCategories = 256

  /// [rows, columns] with NaN for a missing cell, and the signature.
  func read(_ bytes: [UInt8]) throws -> (values: [Float], signature: Signature) {
    var options = CSVOptions()
    if let missing { options.missing = Set(missing) }
    let columns = try columns ?? inferred(bytes, options)
    let signature = Signature.table(columns)
    try signature.check()
    var reader = try CSVReader(bytes, options: options)
    var fields: [Int] = []
    for column in columns {
      guard let field = reader.header.firstIndex(of: column.name) else {
        throw DataError("\(source) has no column \"\(column.name)\"; it has \(reader.header.joined(separator: ", "))")
      }
      fields.append(field)
    }
    var values: [Float] = []
    while let record = try reader.next() {
      for (column, field) in zip(columns, fields) { values.append(try value(field, of: column, in: record, reader)) }
    }
    return (values, signature)
  }

  private func value(_ field: Int, of column: Signature.Column, in record: CSVRecord, _ reader: CSVReader) throws -> Float {
    func place(_ text: String) -> DataError { DataError("\(source), line \(record.line), column \"\(column.name)\" \(text)") }
    if record.fields[field].isMissing {
      guard isMixed else { throw place("is missing: this family learns from complete rows") }
      return .nan
    }
    switch column.type {
    case .categorical:
      let category = record.fields[field].value
      guard let code = column.code(of: category) else {
        throw place("is \"\(category.prefix(40))\", none of its categories: \((column.categories ?? []).prefix(20).joined(separator: ", "))")
      }
      return Float(code)
    case .real:
      guard let number = try reader.number(field, in: record), Float(number).isFinite else {
        throw place("is \(record.fields[field].value), more than float32 can hold")
      }
      return Float(number)
    }
  }

  /// Real where every cell that is there is a number, otherwise categorical with its categories in the order of their names.
  private func inferred(_ bytes: [UInt8], _ options: CSVOptions) throws -> [Signature.Column] {
    var reader = try CSVReader(bytes, options: options)
    guard isMixed else { return reader.header.map { Signature.Column(name: $0, type: .real) } }
    var categories = [Set<String>](repeating: [], count: reader.header.count)
    var refusals = [CSVError?](repeating: nil, count: reader.header.count)
    while let record = try reader.next() {
      for field in reader.header.indices where !record.fields[field].isMissing {
        if refusals[field] == nil {
          do throws(CSVError) { _ = try reader.number(field, in: record) } catch { refusals[field] = error }
        }
        if categories[field].count <= Self.mostInferredCategories { categories[field].insert(record.fields[field].value) }
      }
    }
    return try reader.header.indices.map { field in
      guard let refusal = refusals[field] else { return Signature.Column(name: reader.header[field], type: .real) }
      guard categories[field].count <= Self.mostInferredCategories else {
        throw DataError(
          "\(source), column \"\(reader.header[field])\" has more than \(Self.mostInferredCategories) different texts, the first at line "
            + "\(refusal.line) (\(refusal.given)): correct them, leave the column out of data.columns, or list its categories there")
      }
      return .categorical(reader.header[field], categories[field].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
  }
}
