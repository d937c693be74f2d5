package import Formats
internal import Foundation
package import Modelling

/// The true classes of a data set's items, as far as they are known.
package struct Labels: Sendable, Equatable {
  /// Of the classes, in the order of their codes.
  package let names: [String]
  /// A place in `names` for every item; -1 where the class is unknown.
  package let codes: [Int]
  /// Of the source's bytes.
  package let digest: Digest

  package init(names: [String], codes: [Int], digest: Digest) {
    precondition(codes.allSatisfy { (-1..<names.count).contains($0) }, "a code outside -1..<\(names.count)")
    (self.names, self.codes, self.digest) = (names, codes, digest)
  }

  func prefix(_ limit: Int) -> Labels { Labels(names: names, codes: Array(codes.prefix(limit)), digest: digest) }
}

/// Where the classes of a data set stand.
package struct LabelSource: Settings {
  /// An IDX or NPY file of whole numbers or a CSV; absent for a column of the data's own CSV, and for data sets known by name, which know theirs.
  package var source: String?
  /// Of a CSV.
  package var column: String?
  /// Of the classes 0, 1, ... of an IDX or NPY file; where absent their numbers.
  package var names: [String]?

  package init() { self.init(source: nil) }

  package init(source: String? = nil, column: String? = nil, names: [String]? = nil) {
    (self.source, self.column, self.names) = (source, column, names)
  }

  package static let table = Table<Self> {
    Setting(
      "source", \.source,
      "An IDX or NPY file of whole numbers or a CSV; absent: a column of the data's own CSV. Data sets known by name know their classes.")
    Setting("column", \.column, "Of a CSV.")
    Setting("names", \.names, "Of the classes 0, 1, ... of an IDX or NPY file; absent: their numbers.")
  }

  /// - Parameter table: the data's own file, where the classes are a column of it.
  package func load(
    table: String?, missing: [String]? = nil, delimiter: DataSource.Delimiter? = nil, reading: TableOptions? = nil
  ) throws -> Labels {
    guard let path = source ?? table else { throw DataError("data.labels.source is missing: these data hold no classes of their own") }
    let bytes = try DataSource.bytes(path)
    if let column {
      guard names == nil else {
        throw DataError("data.labels.names are for files of numbers; the column \"\(column)\" of \(path) has names of its own")
      }
      return try Self.column(column, of: bytes, path: path, missing: missing, delimiter: delimiter, reading: reading)
    }
    let lowercased = path.lowercased()
    guard !lowercased.hasSuffix(".csv"), !lowercased.hasSuffix(".tsv") else {
      throw DataError("data.labels.column is missing: \(path) has several columns")
    }
    return try numbered(
      lowercased.hasSuffix(".npy") ? Self.npy(bytes, path: path) : Self.idx(bytes, path: path), path: path, digest: SHA256.digest(bytes))
  }

  private func numbered(_ codes: [Int], path: String, digest: Digest) throws -> Labels {
    let count = (codes.max() ?? -1) + 1
    guard count <= Self.mostClasses else { throw DataError("\(path) has the class \(count - 1), expected at most \(Self.mostClasses) classes") }
    let names = names ?? (0..<count).map(String.init)
    guard names.count >= count else { throw DataError("data.labels.names are \(names.count), expected \(count): \(path) has the class \(count - 1)") }
    guard Set(names).count == names.count else { throw DataError("data.labels.names has a name twice") }
    return Labels(names: names, codes: codes, digest: digest)
  }

  private static let mostClasses = 10_000

  private static func idx(_ bytes: [UInt8], path: String) throws -> [Int] {
    let (dimensions, values) = try IDX.decode(bytes)
    guard dimensions.count == 1 else { throw DataError("\(path) has \(dimensions.count) dimensions, expected labels: one") }
    return values.map(Int.init)
  }

  private static func npy(_ bytes: [UInt8], path: String) throws -> [Int] {
    let array = try NPY.decode(bytes)
    guard array.shape.count == 1 else { throw DataError("\(path) has shape \(array.shape), expected labels: [n]") }
    return try array.scalars.enumerated().map { row, value in
      guard value == value.rounded(), (-1...Float(mostClasses)).contains(value) else {
        throw DataError("\(path): label \(row) is \(value), expected whole numbers from 0, or -1 where the class is unknown")
      }
      return Int(value)
    }
  }

  /// Classes in the order of their names; a missing cell is an unknown class.
  private static func column(
    _ name: String, of bytes: [UInt8], path: String, missing: [String]?, delimiter: DataSource.Delimiter?, reading: TableOptions?
  ) throws -> Labels {
    var options = reading?.csv() ?? CSVOptions()
    if reading == nil { (options.missing, options.detectsDelimiter) = (CSVOptions.firstMarks, true) }
    if let missing { options.missing = reading == nil ? Set(missing) : options.missing.union(missing) }
    if let byte = delimiter?.rawValue.utf8.first { (options.delimiter, options.detectsDelimiter) = (byte, false) }
    let text = try reading.map { try TableText.utf8(bytes, encoding: $0.encoding) } ?? bytes
    var reader = try CSVReader(text, options: options)
    guard let field = reader.header.firstIndex(of: name) else {
      throw DataError("\(path) has no column \"\(name)\"; it has \(reader.header.joined(separator: ", "))")
    }
    var texts: [String?] = []
    while let record = try reader.next() { texts.append(record.fields[field].isMissing ? nil : record.fields[field].value) }
    let names = Set(texts.compactMap { $0 }).sorted { left, right in
      // 2 before 10 where both are numbers.
      if let a = Int(left), let b = Int(right), a != b { return a < b }
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
    guard names.count <= mostClasses else {
      throw DataError("\(path), column \"\(name)\" has \(names.count) classes, expected at most \(mostClasses)")
    }
    let codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return Labels(names: names, codes: texts.map { $0.flatMap { codes[$0] } ?? -1 }, digest: SHA256.digest(bytes))
  }
}
