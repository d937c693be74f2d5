/// How a table is read, and how large its parts may be.
package struct CSVOptions: Sendable {
  package var delimiter: UInt8 = UInt8(ascii: ",")
  /// Values that stand for a missing entry, quoted or not; compared exactly.
  package var missing: Set<String> = ["", "NA", "NaN", "nan", "?", "null"]
  /// Whether spaces and tabs around unquoted values are dropped; RFC 4180 section 2 counts them as part of the field. `raw` always keeps them.
  package var trimsSpaces = false
  /// The most bytes of one field, quotes included.
  package var fieldBytes = 1 << 20
  /// The most bytes of one record.
  package var recordBytes = 16 << 20
  package var columns = 1 << 16

  package init() {}
}

/// One entry of a table.
package struct CSVField: Equatable, Sendable {
  /// The text with its quotes undone.
  package let value: String
  package let isMissing: Bool
  /// The bytes as they stood where they differ from the value.
  let written: String?

  /// The exact text between the delimiters, so that an entry can be given back byte for byte.
  package var raw: String { written ?? value }
}

package struct CSVRecord: Equatable, Sendable {
  /// The line on which it begins, from 1.
  package let line: Int
  package let fields: [CSVField]
}

/// Reads a table record by record (RFC 4180): a header with distinct names, then records of as many fields.
///
/// Lines end with CRLF or LF, the last one with or without. A UTF-8 byte order mark is skipped, as are empty lines in a table of two or more columns
/// (with one column an empty line is an empty field). Quotes inside unquoted fields, and text after a closing quote, are errors.
package struct CSVReader: Sendable {
  package let header: [String]
  private let options: CSVOptions
  private let bytes: [UInt8]
  private var position: Int
  private var line: Int

  package init(_ bytes: [UInt8], options: CSVOptions = CSVOptions()) throws(CSVError) {
    precondition(![UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains(options.delimiter), "this byte can't part fields")
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var scanner = CSVScanner(options: options, position: bytes.starts(with: mark) ? mark.count : 0)
    guard let record = try scanner.record(in: bytes, header: []) else {
      throw CSVError(.malformed, line: 1, column: 1, given: "an empty table", expected: "a header row")
    }
    var names: Set<String> = []
    for (index, field) in record.fields.enumerated() {
      guard !field.value.isEmpty else {
        throw CSVError(.malformed, line: record.line, column: index + 1, given: "an empty column name", expected: "a name")
      }
      guard names.insert(field.value).inserted else {
        throw CSVError(
          .malformed, line: record.line, column: index + 1, field: field.value, given: "a column name used before", expected: "distinct names")
      }
    }
    self.header = record.fields.map(\.value)
    self.options = options
    self.bytes = bytes
    self.position = scanner.position
    self.line = scanner.line
  }

  /// The next record; nil at the end.
  package mutating func next() throws(CSVError) -> CSVRecord? {
    var scanner = CSVScanner(options: options, position: position, line: line)
    let record = try scanner.record(in: bytes, header: header)
    (position, line) = (scanner.position, scanner.line)
    return record
  }

  /// The number in field `index` of a record; nil if it is missing.
  /// - Throws: for anything else that is not a finite decimal number, see `DecimalText`.
  package func number(_ index: Int, in record: CSVRecord) throws(CSVError) -> Double? {
    let field = record.fields[index]
    if field.isMissing { return nil }
    guard let number = DecimalText.double(field.value) else {
      throw CSVError(
        .mismatch, line: record.line, column: index + 1, field: header[index], given: "\"\(field.value.prefix(40))\"",
        expected: "a number like -1.5e3, or one of the marks for a missing entry")
    }
    return number
  }
}

/// The position in a table, and the steps over its records and fields.
private struct CSVScanner {
  let options: CSVOptions
  var position: Int
  var line = 1

  private static let quote = UInt8(ascii: "\"")
  private static let feed = UInt8(ascii: "\n")
  private static let carriage = UInt8(ascii: "\r")

  /// - Parameter header: the names; empty while the header itself is read.
  mutating func record(in bytes: [UInt8], header: [String]) throws(CSVError) -> CSVRecord? {
    if header.count != 1 {
      while isLineEnd(bytes, position) { skipLineEnd(bytes) }
    }
    guard position < bytes.count else { return nil }
    let (start, firstLine) = (position, line)
    var fields: [CSVField] = []
    fields.reserveCapacity(header.count)
    while true {
      let fieldLine = line
      func failure(_ reason: CSVError.Reason, _ given: String, _ expected: String) -> CSVError {
        let name = header.indices.contains(fields.count) ? header[fields.count] : nil
        return CSVError(reason, line: fieldLine, column: fields.count + 1, field: name, given: given, expected: expected)
      }
      guard fields.count < options.columns else { throw failure(.tooLarge, "more than \(options.columns) columns", "at most that many") }
      let scanned = scanField(bytes)
      let range = scanned.range
      guard range.count <= options.fieldBytes else { throw failure(.tooLarge, "a field of \(range.count) bytes", "at most \(options.fieldBytes)") }
      guard position - start <= options.recordBytes else {
        throw failure(.tooLarge, "a record of more than \(options.recordBytes) bytes", "at most that many")
      }
      if let problem = scanned.problem { throw failure(.malformed, problem.given, problem.expected) }
      guard let raw = String(validating: bytes[range], as: UTF8.self) else { throw failure(.malformed, "bytes that are not UTF-8", "UTF-8") }
      fields.append(field(raw, isQuoted: range.first.map { bytes[$0] == Self.quote } ?? false))
      if position < bytes.count, bytes[position] == options.delimiter {
        position += 1
      } else {
        skipLineEnd(bytes)
        break
      }
    }
    guard header.isEmpty || fields.count == header.count else {
      throw CSVError(
        .malformed, line: firstLine, column: min(fields.count, header.count) + 1, given: "\(fields.count) fields",
        expected: "\(header.count), as in the header")
    }
    return CSVRecord(line: firstLine, fields: fields)
  }

  private func field(_ raw: String, isQuoted: Bool) -> CSVField {
    if isQuoted {
      let value = Self.unquoted(raw)
      return CSVField(value: value, isMissing: options.missing.contains(value), written: raw)
    }
    guard options.trimsSpaces, let first = raw.utf8.first, let last = raw.utf8.last, isSpace(first) || isSpace(last) else {
      return CSVField(value: raw, isMissing: options.missing.contains(raw), written: nil)
    }
    let value = String(decoding: raw.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
    return CSVField(value: value, isMissing: options.missing.contains(value), written: raw)
  }

  /// Works on bytes, since a quote and an accent after it are one `Character`.
  private static func unquoted(_ raw: String) -> String {
    var content: [UInt8] = []
    content.reserveCapacity(raw.utf8.count)
    var isSecondQuote = false
    for byte in raw.utf8.dropFirst().dropLast() {
      isSecondQuote = byte == quote && !isSecondQuote
      if !isSecondQuote { content.append(byte) }
    }
    return String(decoding: content, as: UTF8.self)
  }

  /// Steps to the delimiter, line end or end of the table after a field, or to the first thing that is wrong, or just past the limit.
  private mutating func scanField(_ bytes: [UInt8]) -> (range: Range<Int>, problem: (given: String, expected: String)?) {
    let start = position
    let limit = bytes.count - start > options.fieldBytes ? start + options.fieldBytes + 1 : bytes.count
    guard start < bytes.count, bytes[start] == Self.quote else {
      while position < limit, bytes[position] != options.delimiter, bytes[position] != Self.feed, !isLineEnd(bytes, position) {
        switch bytes[position] {
        case Self.quote: return (start..<position, ("a quote inside an unquoted field", "the whole field in quotes, the inner quote doubled"))
        case Self.carriage: return (start..<position, ("a carriage return without a line feed", "CRLF or LF at the end of a line"))
        case 0: return (start..<position, ("a zero byte", "text"))
        default: position += 1
        }
      }
      return (start..<position, nil)
    }
    position += 1
    while position < limit {
      switch bytes[position] {
      case Self.quote where position + 1 < bytes.count && bytes[position + 1] == Self.quote: position += 2
      case Self.quote:
        position += 1
        guard position == bytes.count || bytes[position] == options.delimiter || isLineEnd(bytes, position) else {
          return (start..<position, ("text after a closing quote", "a delimiter or the end of the line"))
        }
        return (start..<position, nil)
      case Self.feed:
        line += 1
        position += 1
      case 0: return (start..<position, ("a zero byte", "text"))
      default: position += 1
      }
    }
    return (start..<min(position, bytes.count), ("a quoted field without its closing quote", "a quote"))
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private func isLineEnd(_ bytes: [UInt8], _ index: Int) -> Bool {
    guard index < bytes.count else { return false }
    return bytes[index] == Self.feed || (bytes[index] == Self.carriage && index + 1 < bytes.count && bytes[index + 1] == Self.feed)
  }

  private mutating func skipLineEnd(_ bytes: [UInt8]) {
    guard position < bytes.count else { return }
    position += bytes[position] == Self.carriage ? 2 : 1
    line += 1
  }
}
