internal import Formats
internal import Modelling

/// What the cells of one column are, counted while its table is read for the first time.
struct ColumnScan {
  /// Most different texts that are kept; more can't be categories.
  static let mostTexts = TableSpace.Column.mostCategories
  /// Numbers whose form is looked at where all before were written plainly.
  private static let sampled = 1000

  private(set) var observed = 0
  private(set) var missing = 0
  /// Different texts, as far as they are few.
  private(set) var texts: Set<String> = []
  private(set) var numbers = NumberFormTally()
  private(set) var dates = DateFormTally()
  /// The first cells that are not written as plain numbers.
  private(set) var oddCells: [TableReport.Cell] = []
  /// Plain numbers, and those of them that the tally did not see.
  private(set) var plain = 0
  private var unseen = 0
  /// Digits after the point of plain numbers, and whether one ends in 0.
  private var decimals: ClosedRange<Int>?
  private var endsInZero = false
  private(set) var plainRange: ClosedRange<Double>?
  private(set) var isWhole = true
  /// Whether every cell is the number before it and 1, and the first of them.
  private var isConsecutive = true
  private var start: Double?
  private var last = 0.0
  var isSequence: Bool { isConsecutive && (start == 0 || start == 1) }

  /// - Parameter isFirst: whether the cell stands before those that were added.
  mutating func add(_ field: CSVField, line: Int, isFirst: Bool = false) {
    guard !field.isMissing else {
      missing += 1
      isConsecutive = false
      return
    }
    let text = field.value
    observed += 1
    if texts.count <= Self.mostTexts { texts.insert(text) }
    guard let number = DecimalText.double(text) else {
      isConsecutive = false
      numbers.add(text)
      dates.add(text)
      let cell = TableReport.Cell(line: line, text: String(text.prefix(40)))
      if isFirst { oddCells.insert(cell, at: 0) } else if oddCells.count < 5 { oddCells.append(cell) }
      return
    }
    isConsecutive = isConsecutive && (isFirst ? number + 1 == start ?? number + 1 : start == nil || number == last + 1)
    if isFirst || start == nil { start = number }
    last = number
    plain += 1
    plainRange = plainRange.map { min($0.lowerBound, number)...max($0.upperBound, number) } ?? number...number
    isWhole = isWhole && number == number.rounded() && number.magnitude < 0x1p53
    let count = text.utf8.firstIndex(of: UInt8(ascii: ".")).map { text.utf8.distance(from: $0, to: text.utf8.endIndex) - 1 } ?? 0
    decimals = decimals.map { min($0.lowerBound, count)...max($0.upperBound, count) } ?? count...count
    if count > 0, text.utf8.last == UInt8(ascii: "0") { endsInZero = true }
    if observed <= Self.sampled || !oddCells.isEmpty { numbers.add(text) } else { unseen += 1 }
    if text.utf8.count == 8 { dates.add(text) }
  }

  /// The cells that are numbers of the form that reads most, and that form.
  func number(decimal: String?, thousands: String?) -> (form: NumberForm, cells: Int, rival: NumberForm?)? {
    if oddCells.isEmpty, decimal == nil || decimal == ".", thousands == nil { return observed > 0 ? (plainForm, observed, nil) : nil }
    guard let found = numbers.finding(decimal: decimal, thousands: thousands) else { return plain > 0 ? (plainForm, plain, nil) : nil }
    return (found.form, found.cells + unseen, found.rival)
  }

  private var plainForm: NumberForm {
    guard let decimals, decimals.lowerBound == decimals.upperBound, endsInZero, decimals.upperBound <= 17 else { return .plain }
    return NumberForm(decimals: decimals.upperBound)
  }

  /// Whether a comma is the mark of fractions in it beyond doubt.
  var hasDecimalComma: Bool {
    guard !oddCells.isEmpty, let found = numbers.finding() else { return false }
    return found.form.decimal == "," && found.rival == nil
  }

  /// The texts in the order of their numbers where all are numbers, which may be written in several ways, else of their names.
  var categories: [String] {
    let names = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard plain == observed else { return names }
    let shortestFirst = names.sorted { $0.utf8.count < $1.utf8.count }
    let byNumber = Dictionary(shortestFirst.compactMap { text in DecimalText.double(text).map { ($0, text) } }) { first, _ in first }
    return byNumber.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Whether texts name rows rather than kinds of rows: all differ, or more than ten do and fewer than five rows share one.
  var isNearUnique: Bool {
    (texts.count == observed && observed > 2) || (texts.count > 10 && 5 * texts.count > observed) || texts.count > Self.mostTexts
  }
}
