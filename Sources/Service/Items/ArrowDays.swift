internal import Formats
internal import Modelling

// Days and times as columns of Arrow have them, and as a model's column counts them.

extension ArrowType {
  /// How many of its steps are a day; nil for a type of no days.
  private var perDay: Int64? {
    switch self {
    case .date(let inMilliseconds): inMilliseconds ? 86_400_000 : 1
    case .timestamp(let unit, _): 86_400 * unit.perSecond
    case .null, .integer, .float, .bool, .text: nil
    }
  }

  /// Days since 1970-01-01, and what is left of a day in seconds.
  private func parts(_ value: Int64) -> (day: Int64, seconds: Double) {
    let perDay = perDay ?? 1
    var (day, rest) = value.quotientAndRemainder(dividingBy: perDay)
    if rest < 0 { (day, rest) = (day - 1, rest + perDay) }
    return (day, Double(rest) / (Double(perDay) / 86_400))
  }

  /// Whether its times are told by clocks of a zone that is neither UTC nor left open.
  var isOfOtherZone: Bool {
    guard case .timestamp(_, let zone?) = self else { return false }
    return !["UTC", "Etc/UTC", "Z", "+00:00", "GMT", "Etc/GMT"].contains(zone)
  }

  /// An instant as a text: its day, and the time of the day where there is one.
  func text(ofDay value: Int64) -> String {
    let (day, seconds) = parts(value)
    let (form, number) =
      switch self {
      case .timestamp(.second, _): (DateForm("yyyy-MM-dd HH:mm:ss"), Double(86_400 * day) + seconds)
      case .timestamp: (DateForm("yyyy-MM-dd HH:mm:ss.SSSSSS"), Double(86_400 * day) + seconds)
      case .null, .integer, .float, .bool, .text, .date: (DateForm("yyyy-MM-dd"), Double(day))
      }
    return form?.text(number) ?? "\(value)"
  }

  /// The same instant in the unit of a column; nil where that can't tell it.
  fileprivate func number(ofDay value: Int64, in unit: DateForm.Unit, namesOffset: Bool) -> Double? {
    let (day, seconds) = parts(value)
    switch unit {
    // A day of another zone begins at another moment.
    case .days: return seconds == 0 && !isOfOtherZone ? Double(day) : nil
    case .seconds: return isOfOtherZone && !namesOffset ? nil : 86_400 * Double(day) + seconds
    case .months, .timeOfDay: return nil
    }
  }

  /// The instant that a number of days or seconds stands for.
  func value(ofDay number: Double, in unit: DateForm.Unit) -> Int64 {
    let days = unit == .seconds ? number / 86_400 : number
    let steps = (days * Double(perDay ?? 1)).rounded()
    return Int64(exactly: steps) ?? (steps < 0 ? .min : .max)
  }
}

extension TableSpace.Column {
  /// The raw value of a day or time; nil where the column can't have it.
  func number(ofDay value: Int64, _ type: ArrowType) -> Double? {
    dates.flatMap { type.number(ofDay: value, in: $0.unit, namesOffset: $0.pattern.contains("X")) }
  }

  /// What its values are as a column of Arrow, where no such column was sent.
  var arrowType: ArrowType {
    switch type {
    case .ordinal, .categorical, .binary: return .utf8
    // What is expected of a count lies between whole numbers.
    case .real, .positive, .count: return .float64
    case .whole:
      let (low, high) = (observed?.first ?? minimum ?? -.infinity, observed?.last ?? maximum ?? .infinity)
      return low > -0x1p53 && high < 0x1p53 ? .int64 : .float64
    case .date:
      switch dates?.unit {
      case .days: return .date(inMilliseconds: false)
      case .seconds: return .timestamp(.microsecond, zone: dates?.pattern.contains("X") == true ? "UTC" : nil)
      case .months, .timeOfDay, nil: return .utf8
      }
    }
  }

  /// Raw values as such a column, each the number that its text in CSV would be; NaN is none.
  func arrowColumn(_ values: [Double], resolution: Double) -> ArrowColumn {
    let nulls = values.map(\.isNaN)
    func each<Value>(_ none: Value, _ value: (Double) -> Value) -> [Value] { values.map { $0.isNaN ? none : value($0) } }
    let (type, unit) = (arrowType, dates?.unit ?? .days)
    switch type {
    case .text: return ArrowColumn(.texts(each("") { text($0, resolution: resolution) }), nulls: nulls)
    case .date, .timestamp: return ArrowColumn(.integers(each(0) { type.value(ofDay: $0, in: unit) }), nulls: nulls)
    case .integer: return ArrowColumn(.integers(each(0) { Self.whole(told($0, resolution: resolution)) }), nulls: nulls)
    case .null, .float, .bool: return ArrowColumn(.doubles(each(0) { told($0, resolution: resolution) }), nulls: nulls)
    }
  }

  /// The number that a value's text in CSV is read as.
  func told(_ value: Double, resolution: Double) -> Double { number(of: text(value, resolution: resolution)) ?? value }

  /// The nearest whole number.
  static func whole(_ value: Double) -> Int64 { Int64(exactly: value.rounded()) ?? (value < 0 ? .min : .max) }
}
