/// One entry of a table.
package struct CSVField: Equatable, Sendable {
  /// The text with its quotes undone.
  package let value: String
  package let isMissing: Bool
  /// The bytes as they stood where they differ from the value.
  let written: String?

  init(value: String, isMissing: Bool, written: String?) { (self.value, self.isMissing, self.written) = (value, isMissing, written) }

  /// A text that stands in no file.
  package init(value: String, isMissing: Bool) { self.init(value: value, isMissing: isMissing, written: nil) }

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
/// What programs write around a table is understood: a line `sep=;` before it, names of rows without a name of their own, a delimiter after every
/// record.
///
/// Of a table in pieces no more than two records and one piece are kept. Where a record ends is told by the first line feed with an even number of
/// quotes before it: that is so in every record without a fault, and the first fault is met before that place.
package struct CSVReader: Sendable {
  /// Empty until the first record has come.
  package private(set) var header: [String] = []
  /// What stood before the records; complete with the header.
  package private(set) var head = CSVHead()
  private var options: CSVOptions
  private var bytes: [UInt8] = []
  private var position = 0
  private var line = 1
  /// How far the end of the record at `position` was looked for, and whether that place is inside quotes.
  private var searched = 0
  private var isQuoted = false
  private var isAtStart = true
  private var isFinished = false
  /// The record of names while the one after it has not come, and the first record where it was read with them.
  private var names: CSVRecord?
  private var first: CSVRecord?

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
    if let record = first {
      first = nil
      try check(record)
      return record
    }
    return try nextRecord()
  }

  /// The names are known when the first record is, which tells whether its rows have names.
  private mutating func readHeader() throws(CSVError) -> Bool {
    if names == nil {
      guard let record = try nextRecord() else {
        guard isFinished else { return false }
        throw CSVError(.malformed, line: 1, column: 1, given: "an empty table", expected: "a header row")
      }
      names = record
    }
    guard let names else { return false }
    if options.detectsHeader { options.hasHeader = names.fields.contains { !$0.isMissing && DecimalText.double($0.value) == nil } }
    guard options.hasHeader else {
      // The first record is one of the table.
      header = names.fields.indices.map { "c\($0 + 1)" }
      (first, self.names) = (names, nil)
      head.hasNames = false
      return true
    }
    let record = try nextRecord()
    guard record != nil || isFinished else { return false }
    let extra = (record?.fields.count ?? 0) - names.fields.count
    if extra == 1, let record { head.surplus = Self.surplus(record) }
    head.names = names.fields.map(\.raw)
    header = try distinctNames((head.surplus == .rowNames ? [""] : []) + names.fields.map(\.value), line: names.line)
    first = record.map(head.trimmed)
    self.names = nil
    return true
  }

  /// Of a record with one field more than there are names: the last is empty after a delimiter at the end, unless the first is in quotes, as R writes
  /// the names of rows.
  private static func surplus(_ record: CSVRecord) -> CSVHead.Surplus {
    record.fields.last?.raw.isEmpty == true && record.fields.first?.raw.hasPrefix("\"") == false ? .delimiter : .rowNames
  }

  private mutating func distinctNames(_ given: [String], line: Int) throws(CSVError) -> [String] {
    var taken: Set<String> = []
    for (index, name) in given.enumerated() where !name.isEmpty {
      guard taken.insert(name).inserted else {
        throw CSVError(.malformed, line: line, column: index + 1, field: name, given: "a column name used before", expected: "distinct names")
      }
    }
    guard !taken.isEmpty || given.isEmpty else {
      throw CSVError(.malformed, line: line, column: 1, given: "an empty column name", expected: "a name")
    }
    head.nameless = Set(given.indices.filter { given[$0].isEmpty })
    return given.enumerated().map { index, name in
      guard name.isEmpty else { return name }
      var own = "unnamed \(index + 1)"
      while !taken.insert(own).inserted { own = "_" + own }
      return own
    }
  }

  private func check(_ record: CSVRecord) throws(CSVError) {
    guard record.fields.count != header.count else { return }
    let named = head.surplus == .rowNames ? header.count - 1 : header.count
    throw CSVError(
      .malformed, line: record.line, column: min(record.fields.count, header.count) + 1, given: "\(record.fields.count) fields",
      expected: "\(named), as in the header")
  }

  private mutating func nextRecord() throws(CSVError) -> CSVRecord? {
    while let end = recordEnd() {
      if isAtStart {
        guard try begin(end) else { return nil }
        continue
      }
      var scanner = CSVScanner(options: options, end: end, position: position, line: line)
      // The record after the names belongs to them already.
      var record = try scanner.record(in: bytes, header: names?.fields.map(\.value) ?? header)
      (position, line) = (scanner.position, scanner.line)
      // Nothing but an empty line: on to the next.
      guard record != nil else { continue }
      if !header.isEmpty {
        record = record.map(head.trimmed)
        if let record { try check(record) }
      }
      return record
    }
    return nil
  }

  /// Takes what stands before the table, and finds what parts its fields.
  /// - Returns: false where more bytes have to come first.
  private mutating func begin(_ end: Int) throws(CSVError) -> Bool {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var start = bytes.starts(with: mark) ? mark.count : 0
    var firstEnd = end
    if let separator = CSVOptions.separatorLine(bytes[start..<end]) {
      options.delimiter = separator
      options.detectsDelimiter = false
      head.separatorLine = Array(bytes[start..<end])
      start = end
      firstEnd = CSVOptions.recordEnd(in: bytes, from: start) ?? bytes.count
    }
    if options.detectsDelimiter {
      let second = CSVOptions.recordEnd(in: bytes, from: firstEnd)
      guard second != nil || isFinished || bytes.count - firstEnd > options.recordBytes else { return false }
      options.delimiter = CSVOptions.delimiter(of: bytes[start..<firstEnd], bytes[firstEnd..<(second ?? bytes.count)], hasHeader: options.hasHeader)
    }
    head.hasMark = bytes.starts(with: mark)
    head.lineEnd = CSVOptions.lineEnd(of: bytes[..<firstEnd])
    if !head.separatorLine.isEmpty { line += 1 }
    (position, searched, isQuoted, isAtStart) = (start, start, false, false)
    return true
  }

  /// Where the bytes of the next record end; nil where there are none, or not all of them yet.
  private mutating func recordEnd() -> Int? {
    if searched < position { (searched, isQuoted) = (position, false) }
    // The end of the first record is looked for again after what stands before it.
    if isAtStart { (searched, isQuoted) = (position, false) }
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
    guard let number = NumberForm.plain.number(field.value) else {
      throw CSVError(
        .mismatch, line: record.line, column: index + 1, field: header[index], given: "\"\(field.value.prefix(40))\"",
        expected: "a number like -1.5e3, or one of the marks for a missing entry")
    }
    return number
  }
}
