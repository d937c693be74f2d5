import Foundation

/// A moment in UTC to the millisecond, written as RFC 3339: `2026-11-21T07:05:09.120Z`.
package struct Timestamp: Hashable, Sendable {
  /// Since 1970-01-01T00:00:00Z.
  package let milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static var now: Timestamp { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) }
}

extension Timestamp: LosslessStringConvertible {
  package var description: String {
    let day = Calendar.floorDivide(milliseconds, by: 86_400_000)
    let time = milliseconds - day * 86_400_000
    let date = Calendar.date(ofDay: day)
    let fields: [(Int64, Int, String)] = [
      (date.year, 4, "-"), (date.month, 2, "-"), (date.day, 2, "T"),
      (time / 3_600_000, 2, ":"), (time / 60_000 % 60, 2, ":"), (time / 1000 % 60, 2, "."), (time % 1000, 3, "Z"),
    ]
    return fields.map { value, width, end in
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits + end
    }.joined()
  }

  /// Any RFC 3339 date-time (section 5.6): fractions finer than a millisecond are cut off, offsets converted to UTC.
  package init?(_ text: String) {
    var rest = Array(text.utf8)[...]

    func number(digits: Int) -> Int64? {
      guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
      defer { rest = rest.dropFirst(digits) }
      return rest.prefix(digits).reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    func skip(_ oneOf: String) -> UInt8? {
      guard let next = rest.first, oneOf.utf8.contains(next) else { return nil }
      rest = rest.dropFirst()
      return next
    }

    guard let year = number(digits: 4), skip("-") != nil, let month = number(digits: 2), skip("-") != nil, let day = number(digits: 2),
      skip("Tt ") != nil, let hour = number(digits: 2), skip(":") != nil, let minute = number(digits: 2), skip(":") != nil,
      let second = number(digits: 2),
      (1...12).contains(month), (1...Calendar.days(inMonth: month, of: year)).contains(day),
      // 60 is a leap second (RFC 3339 section 5.7); it counts as the first moment of the next minute.
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }

    var fraction: Int64 = 0
    if skip(".") != nil {
      var place: Int64 = 100
      guard let first = number(digits: 1) else { return nil }
      fraction = first * place
      while let digit = number(digits: 1) {
        place /= 10
        fraction += digit * place
      }
    }

    var offset: Int64 = 0
    guard let zone = skip("Zz+-") else { return nil }
    if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
      guard let hours = number(digits: 2) else { return nil }
      // Many programs write +0000, as ISO 8601's basic form does.
      _ = skip(":")
      guard let minutes = number(digits: 2), hours <= 23, minutes <= 59 else { return nil }
      offset = (hours * 60 + minutes) * (zone == UInt8(ascii: "+") ? 60_000 : -60_000)
    }
    guard rest.isEmpty else { return nil }
    let time = ((hour * 60 + minute) * 60 + second) * 1000 + fraction
    milliseconds = Calendar.day(year: year, month: month, day: day) * 86_400_000 + time - offset
  }

  /// The milliseconds of a time, or of a whole day in UTC where no time stands: `2026-01-31`.
  package static func range(_ text: String) -> Range<Int64>? {
    if let time = Timestamp(text) { return time.milliseconds..<time.milliseconds + 1 }
    return Timestamp(text + "T00:00:00Z").map { $0.milliseconds..<$0.milliseconds + 86_400_000 }
  }

  /// The proleptic Gregorian calendar, days counted from 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  private enum Calendar {
    static func floorDivide(_ value: Int64, by divisor: Int64) -> Int64 {
      (value - (value % divisor + divisor) % divisor) / divisor
    }

    static func days(inMonth month: Int64, of year: Int64) -> Int64 {
      switch month {
      case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
      case 4, 6, 9, 11: 30
      default: 31
      }
    }

    static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
      let year = month <= 2 ? year - 1 : year  // years begin in March, so that the leap day is the last
      let era = floorDivide(year, by: 400)
      let yearOfEra = year - era * 400
      let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
      return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
      let shifted = day + 719_468
      let era = floorDivide(shifted, by: 146_097)
      let dayOfEra = shifted - era * 146_097
      let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
      let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
      let shiftedMonth = (5 * dayOfYear + 2) / 153
      let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
      return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
  }
}

extension Timestamp: Comparable {
  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = Timestamp(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected an RFC 3339 time such as 2026-11-21T07:05:09Z")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
