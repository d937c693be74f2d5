package import Formats

/// How the file of a table is read, as far as it does not say so itself.
package struct TableOptions: Settings {
  package var missing: [String]?
  package var defaultMissing = true
  package var separator: String?
  package var header: Bool?
  package var indexColumn: String?
  package var unitsRow: Bool?
  package var decimal: String?
  package var thousands: String?
  package var dayFirst: Bool?
  package var encoding = TextEncoding.utf8
  package var lenient = false

  package init() {}

  package static let table = Table<Self> {
    Setting("missing", \.missing, "Marks of a missing cell beside the usual ones; -999 stands for -999.0, too.")
    Setting(
      "default_missing", \.defaultMissing,
      "Whether the usual marks are known: NA, N/A, NULL, None, nan, -, ? and others; an empty cell is missing in any case.")
    Setting("separator", \.separator, "What parts fields: a character, or comma, semicolon, tab, pipe or space; absent: read from the first lines.")
    Setting(
      "header", \.header,
      "Whether the first row holds the names of the columns; else they are c1, c2, ...; absent: it does, and names that look like values are refused."
    )
    Setting(
      "index_column", \.indexColumn, "A column, by name or by number from 1, that names rows: nothing is learnt from it, and it comes back as it is.")
    Setting(
      "units_row", \.unitsRow, "Whether units stand in the row below the names; absent: where two columns of numbers have a text there and no number."
    )
    Setting(
      "decimal", \.decimal, "The mark of fractions, . or ,; absent: read from the cells of every column, where a model is given as the model has it.")
    Setting("thousands", \.thousands, "What groups thousands, such as , or . or a space; absent: as of decimal.")
    Setting(
      "day_first", \.dayFirst,
      "Whether 3/4/2024 is in April, days of all forms being read; absent: read from the cells, and refused where they don't tell; "
        + "where a model is given as the model has it.")
    Setting("encoding", \.encoding, "How characters are written.")
    Setting("lenient", \.lenient, "Takes a text among the numbers of a column for a missing cell, with a warning.")
  }

  package func check() throws(Fault) {
    if separator != nil, separatorByte == nil {
      throw Fault(
        field: "separator", given: "\"\(separator ?? "")\"",
        expected: "one ASCII character but a quote or line end, or comma, semicolon, tab, pipe or space")
    }
    if let decimal, ![".", ","].contains(decimal) { throw Fault(field: "decimal", given: "\"\(decimal)\"", expected: "\".\" or \",\"") }
    if let thousands, !NumberForm.separators.contains(thousands) || thousands == decimal {
      throw Fault(
        field: "thousands", given: "\"\(thousands)\"",
        expected: "another one than the decimal mark of \(NumberForm.separators.map { "\"\($0)\"" }.joined(separator: ", "))")
    }
    if let missing, missing.count > 900 { throw Fault(field: "missing", given: "\(missing.count) marks", expected: "at most 900") }
  }

  private static let separators = ["comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "]

  /// nil where the first lines tell it.
  package var separatorByte: UInt8? {
    guard let separator else { return nil }
    let bytes = Array((Self.separators[separator] ?? separator).utf8)
    return bytes.count == 1 && bytes[0] < 0x80 && !"\"\r\n".utf8.contains(bytes[0]) ? bytes[0] : nil
  }

  /// - Parameter marks: those that a model knows, in place of the usual ones.
  package func csv(marks: [String]? = nil) -> CSVOptions {
    var options = CSVOptions()
    options.missing = (defaultMissing ? marks.map(Set.init) ?? CSVOptions.standardMarks : [""]).union(missing ?? [])
    options.hasHeader = header ?? true
    if let byte = separatorByte { options.delimiter = byte } else { options.detectsDelimiter = true }
    return options
  }

  /// The marks as a model keeps them; nil for the usual ones.
  package var keptMarks: [String]? {
    missing == nil && defaultMissing ? nil : csv().missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension TextEncoding: SettingValue {}
