internal import Foundation

/// How days and times are written in a column of a table: `yyyy-MM-dd`, `dd.MM.yyyy HH:mm`, `MMM d, yyyy`.
///
/// Letters are those of Unicode's date patterns: y, M, d, H, h, m, s, S, a, X; other characters stand for themselves. A day is a number of days since
/// 1970-01-01, a moment a number of seconds, a month a number of months, a time of day its seconds.
package struct DateForm: Hashable, Sendable {
  package let pattern: String
  private let parts: [Part]

  private enum Part: Hashable, Sendable {
    /// Digits: how many at least and at most.
    case year(ClosedRange<Int>)
    case month(ClosedRange<Int>)
    case day(ClosedRange<Int>)
    case hour(ClosedRange<Int>, half: Bool)
    case minute(ClosedRange<Int>)
    case second(ClosedRange<Int>)
    case fraction(Int)
    case monthName(short: Bool)
    case half
    case offset
    case text([UInt8])
  }

  package enum Unit: Sendable {
    case months, days, seconds, timeOfDay
  }

  /// - Returns: nil for a pattern that says no day, month or time, or has letters that mean nothing here.
  package init?(_ pattern: String) {
    self.pattern = pattern
    var parts: [Part] = []
    var rest = Array(pattern.unicodeScalars)[...]
    while let letter = rest.first {
      let count = rest.prefix { $0 == letter }.count
      rest = rest.dropFirst(count)
      switch (letter, count) {
      case ("y", 4): parts.append(.year(4...4))
      case ("y", 2): parts.append(.year(2...2))
      case ("M", 1): parts.append(.month(1...2))
      case ("M", 2): parts.append(.month(2...2))
      case ("M", 3): parts.append(.monthName(short: true))
      case ("M", 4): parts.append(.monthName(short: false))
      case ("d", 1): parts.append(.day(1...2))
      case ("d", 2): parts.append(.day(2...2))
      case ("H", 1): parts.append(.hour(1...2, half: false))
      case ("H", 2): parts.append(.hour(2...2, half: false))
      case ("h", 1): parts.append(.hour(1...2, half: true))
      case ("h", 2): parts.append(.hour(2...2, half: true))
      case ("m", 2): parts.append(.minute(2...2))
      case ("s", 2): parts.append(.second(2...2))
      case ("S", 1...9): parts.append(.fraction(count))
      case ("a", 1): parts.append(.half)
      case ("X", 1): parts.append(.offset)
      case ("Z", 1), ("T", 1): parts.append(.text(Array(String(letter).utf8)))
      default:
        guard !letter.properties.isAlphabetic else { return nil }
        parts.append(.text(Array(String(repeating: Character(letter), count: count).utf8)))
      }
    }
    self.parts = parts
    guard let unit = Self.unit(parts) else { return nil }
    self.unit = unit
  }

  package let unit: Unit

  private static func unit(_ parts: [Part]) -> Unit? {
    var (hasYear, hasMonth, hasDay, hasHour, hasMinute) = (false, false, false, false, false)
    for part in parts {
      switch part {
      case .year: hasYear = true
      case .month, .monthName: hasMonth = true
      case .day: hasDay = true
      case .hour: hasHour = true
      case .minute: hasMinute = true
      case .second, .fraction, .half, .offset, .text: break
      }
    }
    if !hasYear, !hasMonth, !hasDay { return hasHour && hasMinute ? .timeOfDay : nil }
    guard hasYear, hasMonth, !hasHour || hasMinute else { return nil }
    guard hasDay else { return hasHour ? nil : .months }
    return hasHour ? .seconds : .days
  }

  /// The size of the smallest step that the text tells apart, in the form's unit.
  package var resolution: Double {
    guard unit == .seconds || unit == .timeOfDay else { return 1 }
    var step = 60.0
    for part in parts {
      switch part {
      case .second: step = Swift.min(step, 1)
      case .fraction(let digits): step = Foundation.pow(10, -Double(digits))
      case .year, .month, .day, .hour, .minute, .monthName, .half, .offset, .text: break
      }
    }
    return step
  }

  // MARK: - From text

  /// - Returns: nil unless the whole text is a day or time of this form that exists.
  package func number(_ text: String) -> Double? { reading(text)?.value }

  /// The number with the offset from UTC that the text names.
  package func reading(_ text: String) -> (value: Double, offset: String?)? {
    var text = NumberForm.trimmed(text)
    return text.withUTF8 { read($0) }
  }

  private func read(_ text: UnsafeBufferPointer<UInt8>) -> (value: Double, offset: String?)? {
    var place = 0
    func digits(_ lengths: ClosedRange<Int>) -> Int? {
      var (count, value) = (0, 0)
      while count < lengths.upperBound, place < text.count, text[place] &- UInt8(ascii: "0") < 10 {
        value = 10 * value + Int(text[place] - UInt8(ascii: "0"))
        (count, place) = (count + 1, place + 1)
      }
      return count >= lengths.lowerBound ? value : nil
    }
    var (year, month, day, hour, minute, second, fraction) = (1970, 1, 1, 0, 0, 0, 0.0)
    var (isHalf, isAfternoon, shift, offset): (Bool, Bool?, Int, String?) = (false, nil, 0, nil)
    for part in parts {
      switch part {
      case .year(let lengths):
        guard let value = digits(lengths) else { return nil }
        // As C and Excel read two digits: 69 is 1969, 68 is 2068.
        year = lengths.upperBound == 2 ? (value < 69 ? 2000 : 1900) + value : value
      case .month(let lengths):
        guard let value = digits(lengths) else { return nil }
        month = value
      case .day(let lengths):
        guard let value = digits(lengths) else { return nil }
        day = value
      case .hour(let lengths, let half):
        guard let value = digits(lengths), half ? (1...12).contains(value) : value < 24 else { return nil }
        (hour, isHalf) = (value, half)
      case .minute(let lengths):
        guard let value = digits(lengths), value < 60 else { return nil }
        minute = value
      case .second(let lengths):
        guard let value = digits(lengths), value < 60 else { return nil }
        second = value
      case .fraction(let count):
        guard let value = digits(count...count) else { return nil }
        fraction = Double(value) / Foundation.pow(10, Double(count))
      case .monthName(let short):
        guard let found = Self.month(text, at: place, short: short) else { return nil }
        month = found.number
        place += found.length
      case .half:
        guard place + 1 < text.count, text[place + 1] | 0x20 == UInt8(ascii: "m") else { return nil }
        switch text[place] | 0x20 {
        case UInt8(ascii: "a"): isAfternoon = false
        case UInt8(ascii: "p"): isAfternoon = true
        default: return nil
        }
        place += 2
      case .offset:
        guard let found = Self.offset(text, at: place) else { return nil }
        shift = found.seconds
        offset = String(decoding: text[place..<place + found.length], as: UTF8.self)
        place += found.length
      case .text(let bytes):
        guard place + bytes.count <= text.count, text[place..<place + bytes.count].elementsEqual(bytes) else { return nil }
        place += bytes.count
      }
    }
    guard place == text.count, (1...12).contains(month), (1...Self.days(of: month, year)).contains(day), year > 0 else { return nil }
    if isHalf { hour = hour % 12 + (isAfternoon == true ? 12 : 0) }
    let time = Double(3600 * hour + 60 * minute + second - shift) + fraction
    return switch unit {
    case .months: (Double(12 * (year - 1970) + month - 1), nil)
    case .days: (Double(Self.dayNumber(year, month, day)), nil)
    case .seconds: (Double(86_400 * Self.dayNumber(year, month, day)) + time, offset)
    case .timeOfDay: (time, offset)
    }
  }

  private static let names = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
  ]

  private static func month(_ text: UnsafeBufferPointer<UInt8>, at place: Int, short: Bool) -> (number: Int, length: Int)? {
    for (index, name) in names.enumerated() {
      let letters = short ? Array(name.utf8.prefix(3)) : Array(name.utf8)
      guard place + letters.count <= text.count else { continue }
      if zip(text[place..<place + letters.count], letters).allSatisfy({ $0 | 0x20 == $1 }) { return (index + 1, letters.count) }
    }
    return nil
  }

  /// Z, +01:00, +0100 or +01.
  private static func offset(_ text: UnsafeBufferPointer<UInt8>, at place: Int) -> (seconds: Int, length: Int)? {
    guard place < text.count else { return nil }
    if text[place] == UInt8(ascii: "Z") { return (0, 1) }
    guard text[place] == UInt8(ascii: "+") || text[place] == UInt8(ascii: "-") else { return nil }
    let rest = text[(place + 1)...].prefix(5).filter { $0 != UInt8(ascii: ":") }
    let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }.map { Int($0 - UInt8(ascii: "0")) }
    guard digits.count == 4 || digits.count == 2 else { return nil }
    let hasColon = place + 3 < text.count && text[place + 3] == UInt8(ascii: ":")
    let seconds = 3600 * (10 * digits[0] + digits[1]) + (digits.count == 4 ? 60 * (10 * digits[2] + digits[3]) : 0)
    return (text[place] == UInt8(ascii: "-") ? -seconds : seconds, 1 + digits.count + (hasColon ? 1 : 0))
  }

  // MARK: - To text

  /// - Parameter offset: of the times, for forms that name it.
  package func text(_ value: Double, offset: String? = nil) -> String {
    let step = resolution
    var value = (value / step).rounded() * step
    if unit == .timeOfDay { value = Swift.min(Swift.max(value, 0), 86_400 - step) }
    let shift = offset.flatMap { text in Array(text.utf8).withUnsafeBufferPointer { Self.offset($0, at: 0)?.seconds } } ?? 0
    var (year, month, day) = (1970, 1, 1)
    // Years 1 to 9999 are what four digits can say.
    value = Swift.min(Swift.max(value, limits.lowerBound), limits.upperBound)
    var time = 0.0
    switch unit {
    case .months: (year, month) = (1970 + Int((value / 12).rounded(.down)), Int(value) - 12 * Int((value / 12).rounded(.down)) + 1)
    case .days: (year, month, day) = Self.date(Int(value))
    case .seconds:
      let number = ((value + Double(shift)) / 86_400).rounded(.down)
      time = value + Double(shift) - 86_400 * number
      (year, month, day) = Self.date(Int(number))
    case .timeOfDay: time = value
    }
    let seconds = Int((time + step / 1000).rounded(.down))
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    func padded(_ value: Int, _ lengths: ClosedRange<Int>) -> String { String(format: "%0\(lengths.lowerBound)d", value) }
    return parts.map { part in
      switch part {
      case .year(let lengths): padded(lengths.upperBound == 2 ? year % 100 : year, lengths)
      case .month(let lengths): padded(month, lengths)
      case .day(let lengths): padded(day, lengths)
      case .hour(let lengths, let half): padded(half ? (hour + 11) % 12 + 1 : hour, lengths)
      case .minute(let lengths): padded(minute, lengths)
      case .second(let lengths): padded(second, lengths)
      case .fraction(let count):
        String(format: "%0\(count)d", Int(((time - Double(seconds)) * Foundation.pow(10, Double(count))).rounded()))
      case .monthName(let short): (short ? String(Self.names[month - 1].prefix(3)) : Self.names[month - 1]).capitalized
      case .half: hour < 12 ? "AM" : "PM"
      case .offset: offset ?? "Z"
      case .text(let bytes): String(decoding: bytes, as: UTF8.self)
      }
    }.joined()
  }

  private var limits: ClosedRange<Double> {
    let (first, last) = (Double(Self.dayNumber(1, 1, 2)), Double(Self.dayNumber(9999, 12, 30)))
    return switch unit {
    case .months: Double(-12 * 1969)...Double(12 * 8029 + 11)
    case .days: first...last
    case .seconds: 86_400 * first...86_400 * last
    case .timeOfDay: 0...86_400
    }
  }

  // MARK: - Days

  private static func days(of month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
  private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let ofEra = year - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  /// The inverse of `dayNumber`.
  private static func date(_ number: Int) -> (year: Int, month: Int, day: Int) {
    let z = number + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let ofEra = z - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let mp = (5 * ofYear + 2) / 153
    let (day, month) = (ofYear - (153 * mp + 2) / 5 + 1, mp < 10 ? mp + 3 : mp - 9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension DateForm: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let form = DateForm(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\"\(text)\" is no form of dates, expected a pattern such as yyyy-MM-dd, dd.MM.yyyy or HH:mm:ss")
    }
    self = form
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(pattern)
  }
}
