/// How a table is read, and how large its parts may be.
package struct CSVOptions: Sendable {
  package var delimiter: UInt8 = UInt8(ascii: ",")
  /// Whether the header tells the delimiter: comma, semicolon or tab, the one that it has most of.
  package var detectsDelimiter = false
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

/// Reads a table record by record (RFC 4180), whole or from bytes that come in pieces: a header with distinct names, then records of as many fields.
///
/// Lines end with CRLF or LF, the last one with or without. A UTF-8 byte order mark is skipped, as are empty lines in a table of two or more columns
/// (with one column an empty line is an empty field). Quotes inside unquoted fields, and text after a closing quote, are errors.
///
/// Of a table in pieces no more than one record and one piece are kept. Where a record ends is told by the first line feed with an even number of quotes
/// before it: that is so in every record without a fault, and the first fault is met before that place.
package struct CSVReader: Sendable {
  /// Empty until the first record has come.
  package private(set) var header: [String] = []
  private var options: CSVOptions
  private var bytes: [UInt8] = []
  private var position = 0
  private var line = 1
  /// How far the end of the record at `position` was looked for, and whether that place is inside quotes.
  private var searched = 0
  private var isQuoted = false
  private var isAtStart = true
  private var isFinished = false

  /// A table that will be fed.
  package init(options: CSVOptions = CSVOptions()) {
    precondition(![UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains(options.delimiter), "this byte can't part fields")
    self.options = options
  }

  /// A whole table.
  package init(_ bytes: [UInt8], options: CSVOptions = CSVOptions()) throws(CSVError) {
    self.init(options: options)
    feed(bytes)
    finish()
    _ = try readHeader()
  }

  package mutating func feed(_ piece: [UInt8]) {
    precondition(!isFinished, "bytes after the end")
    if position == bytes.count {
      bytes = piece
    } else {
      bytes.removeFirst(position)
      bytes += piece
    }
    searched -= position
    position = 0
  }

  /// The character between fields; where it is detected, known with the header.
  package var delimiter: UInt8 { options.delimiter }

  /// No more bytes will come.
  package mutating func finish() { isFinished = true }

  /// The next record; nil at the end, or where more bytes have to come first.
  package mutating func next() throws(CSVError) -> CSVRecord? {
    if header.isEmpty { guard try readHeader() else { return nil } }
    return try nextRecord()
  }

  private mutating func readHeader() throws(CSVError) -> Bool {
    guard let record = try nextRecord() else {
      guard isFinished else { return false }
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
    header = record.fields.map(\.value)
    return true
  }

  private mutating func nextRecord() throws(CSVError) -> CSVRecord? {
    while let end = recordEnd() {
      if isAtStart {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes.starts(with: mark) { position = mark.count }
        if options.detectsDelimiter { options.delimiter = CSVOptions.delimiter(of: Array(bytes[position..<end])) }
        isAtStart = false
      }
      var scanner = CSVScanner(options: options, end: end, position: position, line: line)
      let record = try scanner.record(in: bytes, header: header)
      (position, line) = (scanner.position, scanner.line)
      // Nothing but an empty line: on to the next.
      if let record { return record }
    }
    return nil
  }

  /// Where the bytes of the next record end; nil where there are none, or not all of them yet.
  private mutating func recordEnd() -> Int? {
    if searched < position { (searched, isQuoted) = (position, false) }
    var (place, inside, found) = (searched, isQuoted, false)
    bytes.withUnsafeBufferPointer { bytes in
      while place < bytes.count, !found {
        let byte = bytes[place]
        place += 1
        if byte == UInt8(ascii: "\"") { inside.toggle() }
        found = byte == UInt8(ascii: "\n") && !inside
      }
    }
    (searched, isQuoted) = (place, inside)
    if found { return searched }
    // A record that is longer than it may be is read as far as it goes: the scanner refuses it.
    let isTooLong = searched - position > options.recordBytes + options.fieldBytes
    return position < bytes.count && (isFinished || isTooLong) ? bytes.count : nil
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
