/// How a table is read, and how large its parts may be.
package struct CSVOptions: Sendable {
  package var delimiter: UInt8 = UInt8(ascii: ",")
  /// Whether the first lines tell the delimiter: comma, semicolon, tab or bar.
  package var detectsDelimiter = false
  /// Whether the first record holds the names of the columns; else they are called c1, c2, ...
  package var hasHeader = true
  /// Whether the first record holds names only where one of its fields is no number.
  package var detectsHeader = false
  /// Values that stand for a missing entry, quoted or not, with or without spaces around them; a number stands for every text of that number.
  package var missing = CSVOptions.standardMarks { didSet { missingNumbers = Set(missing.compactMap(DecimalText.double)) } }
  private(set) var missingNumbers: Set<Double> = []
  /// Whether spaces and tabs around unquoted values are dropped; RFC 4180 section 2 counts them as part of the field. `raw` always keeps them.
  package var trimsSpaces = false
  /// The most bytes of one field, quotes included.
  package var fieldBytes = 1 << 20
  /// The most bytes of one record.
  package var recordBytes = 16 << 20
  package var columns = 1 << 16

  package init() {}

  /// What pandas and R take for a missing cell, and what databases (\\N), SAS and Stata (.), UCI's files (?) and people (-) write there.
  package static let standardMarks: Set<String> = [
    "", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NAN", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
    "NULL",
    "Null", "null", "None", "\\N", "-", "--", ".", "?",
  ]

  /// Those that builds before 0.3 knew.
  package static let firstMarks: Set<String> = ["", "NA", "NaN", "nan", "?", "null"]

  package func isMissing(_ value: String) -> Bool {
    if missing.contains(value) { return true }
    let trimmed = NumberForm.trimmed(value)
    if trimmed.utf8.count != value.utf8.count, missing.contains(trimmed) { return true }
    return !missingNumbers.isEmpty && DecimalText.double(trimmed).map(missingNumbers.contains) ?? false
  }
}

// MARK: - What the first lines tell

extension CSVOptions {
  private static let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]

  /// The byte that parts the fields of a header: the comma, semicolon, tab or bar that it has most of outside quotes, a comma where it has none.
  package static func delimiter(of bytes: [UInt8]) -> UInt8 {
    let end = recordEnd(in: bytes, from: 0) ?? bytes.count
    return delimiter(of: bytes[..<end], bytes[end..<(recordEnd(in: bytes, from: end) ?? bytes.count)], hasHeader: true)
  }

  /// The same of a table's first two records: one that both have as many of, or nearly, is rather the one.
  ///
  /// Without names a comma is rather the mark of fractions wherever something else could part fields.
  static func delimiter(of first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>, hasHeader: Bool) -> UInt8 {
    let (names, values) = (counts(first), counts(second))
    func best(_ indices: [Int]) -> Int? { indices.filter { names[$0] > 0 }.max { names[$0] < names[$1] || (names[$0] == names[$1] && $0 > $1) } }
    let all = Array(candidates.indices)
    if !hasHeader, let other = best(all.dropFirst().filter { second.isEmpty || values[$0] == names[$0] }) { return candidates[other] }
    let agreeing = all.filter { second.isEmpty || values[$0] == names[$0] || values[$0] == names[$0] + 1 }
    return candidates[best(agreeing) ?? best(all) ?? 0]
  }

  /// How many of each candidate stand outside quotes.
  private static func counts(_ record: ArraySlice<UInt8>) -> [Int] {
    var counts = [0, 0, 0, 0]
    var isQuoted = false
    for byte in record {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    return counts
  }

  /// Just after the line feed that ends the record; nil where there is none.
  static func recordEnd(in bytes: [UInt8], from start: Int) -> Int? {
    var isQuoted = false
    for place in start..<max(start, bytes.count) {
      if bytes[place] == UInt8(ascii: "\"") { isQuoted.toggle() }
      if bytes[place] == UInt8(ascii: "\n"), !isQuoted { return place + 1 }
    }
    return nil
  }

  /// The byte that a first line `sep=;` names, as Excel reads it.
  static func separatorLine(_ line: ArraySlice<UInt8>) -> UInt8? {
    let text = line.filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    guard text.count == 5, String(decoding: text.prefix(4), as: UTF8.self).lowercased() == "sep=" else { return nil }
    return text[4]
  }

  static func lineEnd(of bytes: ArraySlice<UInt8>) -> String { bytes.dropLast().last == UInt8(ascii: "\r") ? "\r\n" : "\n" }
}
