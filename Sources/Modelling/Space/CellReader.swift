package import Formats

/// Reads the cells of one column of a file: in the form that the model's column has, or as options say that the file is written.
///
/// Under given options a text is one number or none, so cells are read as they come; how the file writes the column is known when they all were.
package struct CellReader: Sendable {
  private let column: TableSpace.Column
  /// Numbers as options say that they are written; nil where no option speaks of them.
  private var form: NumberForm?
  /// Whether whatever groups thousands first is taken to group them all.
  private var seeksThousands = false
  /// Days as options say that they are written, the form that read the last one first; empty where no option speaks of them.
  private var dateForms: [DateForm] = []
  private var dayFirst: Bool?
  private let hints: (decimal: Bool, thousands: Bool, days: Bool)
  private var (numbers, dates) = (NumberFormTally(), DateFormTally())
  private var tallied = 0
  /// The first number that another form would read as another one, until a cell shows that the model's form is the file's.
  private var doubt: (line: Int, text: String)?
  private var isProven = false

  /// Cells whose form is looked at: numbers beyond them are written as these are.
  private static let sampled = 1000

  /// - Parameter options: nil for the column's own form alone.
  package init(_ column: TableSpace.Column, options: TableOptions?) {
    self.column = column
    guard let options, !column.type.isDiscrete else {
      hints = (false, false, false)
      return
    }
    guard column.type != .date else {
      hints = (false, false, options.dayFirst == nil)
      if let dayFirst = options.dayFirst, let own = column.dates {
        self.dayFirst = dayFirst
        dateForms = ([own] + DateFormTally.forms.filter { $0.unit == own.unit && $0 != own }).filter { $0.isDayFirst != !dayFirst }
      }
      return
    }
    hints = (options.decimal == nil, options.decimal == nil && options.thousands == nil, false)
    guard options.decimal != nil || options.thousands != nil else { return }
    var form = column.form ?? .plain
    form.decimal = options.decimal ?? (options.thousands == form.decimal ? Self.other(form.decimal) : form.decimal)
    (form.thousands, seeksThousands) = (options.thousands, options.thousands == nil)
    self.form = form
  }

  private static func other(_ decimal: String) -> String { decimal == "." ? "," : "." }

  /// What a cell of the file means.
  ///
  /// - Parameter marks: those that were chosen; nil where the usual ones are known, of which a category may be one.
  package mutating func reading(_ field: CSVField, marks: [String]?, line: Int) -> TableSpace.Column.Reading {
    if field.isMissing { return column.reading(field, marks: marks) }
    return number(of: field.value, line: line).map(TableSpace.Column.Reading.value) ?? .unknown
  }

  /// The raw value that a text stands for; nil where it stands for none.
  package mutating func number(of text: String, line: Int) -> Double? {
    if form != nil { return number(text) }
    if !dateForms.isEmpty { return day(text) }
    let value = column.number(of: text)
    if let value, hints.decimal, let own = column.form, !own.isReadPlainly { weigh(text, value, own, line) }
    return value
  }

  private mutating func number(_ text: String) -> Double? {
    guard var form else { return nil }
    var value = form.number(text)
    if value == nil, seeksThousands {
      for separator in NumberForm.separators where value == nil && separator != form.decimal {
        form.thousands = separator
        value = form.number(text)
      }
      if value != nil { (self.form, seeksThousands) = (form, false) }
    }
    if value != nil, tallied < Self.sampled {
      numbers.add(text)
      tallied += 1
    }
    return value
  }

  private mutating func day(_ text: String) -> Double? {
    for (index, form) in dateForms.enumerated() {
      guard let value = form.number(text) else { continue }
      if index > 0 { dateForms.swapAt(0, index) }
      dates.add(text)
      return value
    }
    return nil
  }

  // MARK: - What the cells showed

  /// The column as the file writes it.
  package var written: TableSpace.Column {
    if let form {
      var found = numbers.finding(decimal: form.decimal, thousands: form.thousands)?.form ?? form
      found.thousands = form.thousands
      found.negative = found.negative ?? form.negative
      return column.written(found, column.dates, column.offset)
    }
    guard dayFirst != nil, let found = dates.finding(dayFirst: dayFirst), found.form.unit == column.dates?.unit else { return column }
    return column.written(column.form, found.form, found.offset ?? column.offset)
  }

  /// Notes a number that may be another one, or that can only be what the model's form makes of it.
  private mutating func weigh(_ text: String, _ value: Double, _ own: NumberForm, _ line: Int) {
    guard !isProven, let parts = NumberParts(text), parts.middle.contains(where: { $0 == "." || $0 == "," }) else { return }
    let decimal = Self.other(own.decimal)
    guard let rival = parts.value(decimal: decimal, thousands: nil) ?? parts.value(decimal: decimal, thousands: own.decimal) else {
      isProven = true
      return
    }
    if rival != value, doubt == nil { doubt = (line, text) }
  }

  /// A sentence about numbers that may be others, where no cell tells.
  package var note: String? {
    guard let doubt, !isProven, let own = column.form, let value = own.number(doubt.text), let parts = NumberParts(doubt.text) else { return nil }
    let decimal = Self.other(own.decimal)
    guard let rival = parts.value(decimal: decimal, thousands: nil) ?? parts.value(decimal: decimal, thousands: own.decimal) else { return nil }
    return "\"\(column.name)\" is read as the model writes it: \"\(doubt.text)\" at line \(doubt.line) is \(NumberForm.plainText(value)); "
      + "the option decimal=\(decimal) reads it as \(NumberForm.plainText(rival))"
  }

  // MARK: - Texts that are not of its form

  /// Which options would read a text that is not of the form in which the column is read; nil where none would.
  package func hint(_ text: String) -> String? {
    guard column.type != .date else { return hints.days ? dayHint(text) : nil }
    let own = form ?? column.form ?? .plain
    guard hints.decimal || hints.thousands, let parts = NumberParts(text),
      parts.matches(prefix: NumberForm.trimmed(own.prefix), suffix: NumberForm.trimmed(own.suffix))
    else { return nil }
    var ways: [String] = []
    func add(_ option: String, _ value: Double?) { if let value { ways.append("\(option) reads it as \(NumberForm.plainText(value))") } }
    let separators = NumberForm.separators
    if hints.decimal {
      let decimal = Self.other(own.decimal)
      add(
        "decimal=\(decimal)",
        parts.value(decimal: decimal, thousands: nil)
          ?? separators.lazy.filter { $0 != decimal }.compactMap { parts.value(decimal: decimal, thousands: $0) }.first)
    }
    if hints.thousands {
      for separator in separators where separator != own.decimal && separator != own.thousands {
        add("thousands=\(separator)", parts.value(decimal: own.decimal, thousands: separator))
      }
    }
    return ways.isEmpty ? nil : "the option " + ways.joined(separator: ", ")
  }

  private func dayHint(_ text: String) -> String? {
    guard let own = column.dates, let form = DateFormTally.forms.first(where: { $0.unit == own.unit && $0.number(text) != nil }) else { return nil }
    guard let dayFirst = form.isDayFirst else { return "the option day_first, true or false, reads it as \(form.pattern)" }
    let rival = DateFormTally.forms.first { $0.unit == own.unit && $0.isDayFirst == !dayFirst && $0.number(text) != nil }
    return "the option day_first=\(dayFirst) reads it as \(form.pattern)" + (rival.map { ", day_first=\(!dayFirst) as \($0.pattern)" } ?? "")
  }

  /// What a text would have to be.
  package var expectation: String {
    let end = ", or one of the marks for a missing entry"
    if column.type == .date {
      let own = dateForms.first ?? column.dates
      return "a date like \(own?.pattern ?? "yyyy-MM-dd")" + end
    }
    return "a number like \((form ?? column.form ?? .plain).text(-1500.5))" + end
  }
}

extension TableSpace.Column {
  /// The same column, its values written in other ways.
  fileprivate func written(_ form: NumberForm?, _ dates: DateForm?, _ offset: String?) -> TableSpace.Column {
    TableSpace.Column(
      name: name, type: type, categories: categories, unknownCategory: unknownCategory, minimum: minimum, maximum: maximum, observed: observed,
      form: form, dates: dates, offset: offset, role: role)
  }
}
