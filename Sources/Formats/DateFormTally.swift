/// Which forms the days and times of a column could have, counted cell by cell.
package struct DateFormTally: Sendable {
  /// The forms of the world that are known here; in a tie the first is taken.
  package static let forms: [DateForm] = patterns.compactMap { DateForm($0) }

  private static let patterns: [String] = {
    let days = [
      "yyyy-MM-dd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyyMMdd", "dd.MM.yyyy", "d.M.yyyy", "dd/MM/yyyy", "d/M/yyyy", "MM/dd/yyyy", "M/d/yyyy",
      "dd-MM-yyyy",
      "MM-dd-yyyy", "dd.MM.yy", "d.M.yy", "dd/MM/yy", "MM/dd/yy", "d/M/yy", "M/d/yy", "dd-MMM-yyyy", "d-MMM-yyyy", "dd-MMM-yy", "dd MMM yyyy",
      "d MMM yyyy", "dd MMMM yyyy", "d MMMM yyyy", "d. MMMM yyyy", "MMM d, yyyy", "MMM dd, yyyy", "MMMM d, yyyy", "yyyy-MMM-dd",
    ]
    let times = ["HH:mm:ss", "HH:mm", "H:mm", "H:mm:ss", "hh:mm a", "h:mm a", "hh:mm:ss a", "h:mm:ss a"]
    let fractions = [3, 6, 9, 1, 2].map { "HH:mm:ss." + String(repeating: "S", count: $0) }
    var result = days + ["yyyy-MM", "yyyy/MM", "MM/yyyy", "MMM yyyy", "MMM-yyyy", "MMMM yyyy"]
    for day in days.prefix(1) {
      result += (times.prefix(2) + fractions).flatMap { ["\(day)T\($0)X", "\(day)T\($0)", "\(day) \($0)X", "\(day) \($0)"] }
    }
    for day in days.dropFirst() { result += times.map { "\(day) \($0)" } }
    return result + times + fractions
  }()

  /// Cells that each form reads, of those that read any.
  private var counts: [Int: Int] = [:]
  private var offsets: [String: Int] = [:]
  /// Forms that read a cell before; tried first.
  private var known: [Int] = []
  /// Cells looked at, of which after many without a date no more are.
  private var cells = 0

  package init() {}

  package mutating func add(_ text: String) {
    cells += 1
    guard cells < 1000 || !known.isEmpty else { return }
    let text = NumberForm.trimmed(text)
    guard (4...40).contains(text.utf8.count), text.utf8.contains(where: { $0 &- UInt8(ascii: "0") < 10 }) else { return }
    var isRead = false
    for index in known {
      guard let reading = Self.forms[index].reading(text) else { continue }
      counts[index, default: 0] += 1
      if !isRead, let offset = reading.offset { offsets[offset, default: 0] += 1 }
      isRead = true
    }
    // A form that reads none of a hundred cells is not looked for in all of the others.
    guard !isRead || cells <= 100 else { return }
    for (index, form) in Self.forms.enumerated() where !known.contains(index) {
      guard let reading = form.reading(text) else { continue }
      known.append(index)
      counts[index] = 1
      if !isRead, let offset = reading.offset { offsets[offset, default: 0] += 1 }
      isRead = true
    }
  }

  package struct Finding: Sendable {
    package let form: DateForm
    package let cells: Int
    /// The offset from UTC that most cells name.
    package let offset: String?
    /// Another form that reads as many cells as other days: 03/04/2023 may be in March or April.
    package let rival: DateForm?
  }

  /// - Parameter order: whether days come before months, where that is known.
  package func finding(dayFirst: Bool? = nil) -> Finding? {
    let possible = counts.filter { dayFirst == nil || Self.forms[$0.key].isDayFirst != !dayFirst! }
    guard let most = possible.values.max() else { return nil }
    let best = possible.filter { $0.value == most }.keys.sorted()
    let form = Self.forms[best[0]]
    let rival = best.dropFirst().map { Self.forms[$0] }.first { form.isDayFirst != nil && $0.isDayFirst == !form.isDayFirst! }
    let offset = offsets.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    return Finding(form: form, cells: most, offset: offset, rival: rival)
  }
}

extension DateForm {
  /// Whether the day stands before the month, both being one or two digits before the year; nil for all others.
  package var isDayFirst: Bool? {
    if pattern.hasPrefix("d/") || pattern.hasPrefix("dd/M") || pattern.hasPrefix("dd-MM-") { return true }
    return pattern.hasPrefix("M/d") || pattern.hasPrefix("MM/d") || pattern.hasPrefix("MM-d") ? false : nil
  }
}
