/// All that a table holds: numbers of the columns that a model knows, and texts of the others.
package struct TableContent: Sendable, Equatable {
  package let layout: TableLayout
  /// Rows of raw values in double precision, the model's columns in the model's order: NaN where a cell is missing, the code of a category.
  package let values: [Double]
  /// The columns that the model doesn't know, each from its first row to its last.
  package let texts: [[String]]
  package let width: Int

  package init(layout: TableLayout, values: [Double], texts: [[String]], width: Int) {
    precondition(values.count % width == 0, "\(values.count) numbers are no whole rows of \(width)")
    precondition(texts.allSatisfy { $0.count == values.count / width }, "columns of \(texts.map(\.count)) texts, of \(values.count / width) rows")
    (self.layout, self.values, self.texts, self.width) = (layout, values, texts, width)
  }

  package var count: Int { values.count / width }

  package func rows(_ range: Range<Int>) -> TableContent {
    TableContent(
      layout: layout, values: Array(values[range.lowerBound * width..<range.upperBound * width]), texts: texts.map { Array($0[range]) }, width: width)
  }

  package static func == (a: TableContent, b: TableContent) -> Bool {
    a.layout == b.layout && a.texts == b.texts && a.width == b.width
      && a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}

/// How the file of a table is written, apart from its cells.
package struct TableLayout: Sendable, Equatable {
  package enum Column: Sendable, Equatable {
    /// A column of the model, by its number there.
    case known(Int)
    /// Another one, by its name; empty for a column without a name.
    case text(String)
  }

  /// In the order of the file.
  package let columns: [Column]
  package let delimiter: UInt8
  package let isUnixEnd: Bool
  /// Whether the first row holds the names.
  package let hasNames: Bool
  /// What stands in missing cells.
  package let mark: String

  package init(columns: [Column], delimiter: UInt8 = UInt8(ascii: ","), isUnixEnd: Bool = false, hasNames: Bool = true, mark: String = "") {
    self.columns = columns
    self.delimiter = delimiter
    self.isUnixEnd = isUnixEnd
    self.hasNames = hasNames
    self.mark = mark
  }

  /// The columns of a model and no others, as RFC 4180 has them.
  package init(width: Int) { self.init(columns: (0..<width).map(Column.known)) }

  package var texts: Int { columns.count { if case .text = $0 { true } else { false } } }
}

// MARK: - In a stream: nothing for the usual layout

extension TableLayout {
  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let unixEnd = Flags(rawValue: 1)
    static let noNames = Flags(rawValue: 2)
    /// The columns are other ones than the model's, or in another order.
    static let columns = Flags(rawValue: 4)
  }

  /// delimiter | flags | mark, 0 | for each column a number of three bytes, or 255 and a name, 0
  func bytes(width: Int) -> [UInt8] {
    let usual = TableLayout(width: width)
    guard self != usual else { return [] }
    var flags: Flags = []
    if isUnixEnd { flags.insert(.unixEnd) }
    if !hasNames { flags.insert(.noNames) }
    if columns != usual.columns { flags.insert(.columns) }
    var bytes = [delimiter, flags.rawValue] + Array(mark.utf8) + [0]
    guard flags.contains(.columns) else { return bytes }
    for column in columns {
      switch column {
      case .known(let number): bytes += [UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
      case .text(let name): bytes += [255] + Array(name.utf8) + [0]
      }
    }
    return bytes
  }

  func check() throws(Fault) {
    let names = columns.map { if case .text(let name) = $0 { name } else { "" } }
    guard let stranger = (names + [mark]).first(where: { $0.utf8.contains(0) }) else { return }
    throw Fault(field: "header", given: "\(stranger.debugDescription)", expected: "names and marks without a zero byte")
  }

  /// Reads what `bytes` writes; nil for anything else.
  init?(_ bytes: [UInt8], width: Int) {
    guard !bytes.isEmpty else {
      self.init(width: width)
      return
    }
    var rest = bytes[...]
    guard let delimiter = rest.popFirst(), let flags = rest.popFirst().map(Flags.init), let mark = Self.text(&rest) else { return nil }
    var columns: [Column] = []
    if flags.contains(.columns) {
      while let high = rest.popFirst() {
        if high == 255 {
          guard let name = Self.text(&rest) else { return nil }
          columns.append(.text(name))
        } else {
          guard let middle = rest.popFirst(), let low = rest.popFirst() else { return nil }
          columns.append(.known(Int(high) << 16 | Int(middle) << 8 | Int(low)))
        }
      }
    } else {
      columns = TableLayout(width: width).columns
    }
    let known = columns.compactMap { if case .known(let number) = $0 { number } else { nil } }
    guard rest.isEmpty, known.sorted() == Array(0..<width) else { return nil }
    self.init(
      columns: columns, delimiter: delimiter, isUnixEnd: flags.contains(.unixEnd), hasNames: !flags.contains(.noNames), mark: mark)
  }

  private static func text(_ bytes: inout ArraySlice<UInt8>) -> String? {
    guard let end = bytes.firstIndex(of: 0) else { return nil }
    defer { bytes = bytes[(end + 1)...] }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}
