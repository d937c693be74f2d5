/// Which forms the numbers of a column could have, counted cell by cell.
package struct NumberFormTally: Sendable {
  /// What marks fractions and thousands, the commonest first: of marks that read as many cells the first is taken.
  fileprivate static let marks: [(decimal: String, thousands: String?)] =
    [(".", nil), (",", nil), (".", ","), (",", ".")]
    + otherSeparators.flatMap { separator -> [(decimal: String, thousands: String?)] in
      [(".", separator), (",", separator)]
    }
  private static let otherSeparators = [" ", "'", "_", "\u{A0}", "\u{202F}", "\u{2019}"]

  fileprivate struct Affixes: Hashable {
    let prefix: String
    let suffix: String
  }

  /// What is known of the cells that have the same text before and after their number.
  fileprivate struct Group {
    var cells = 0
    /// Cells that each pair of marks reads, and those whose fraction it sees.
    var read = [Int](repeating: 0, count: NumberFormTally.marks.count)
    var decimals = [ClosedRange<Int>?](repeating: nil, count: NumberFormTally.marks.count)
    var endsInZero = [Bool](repeating: false, count: NumberFormTally.marks.count)
    var inside = 0
    var parentheses = 0
    /// The spaces around most of them, of which there are few kinds.
    var padding: [String: Int] = [:]
    /// The affixes with the spaces inside them, as the first cell has them.
    var prefix = ""
    var suffix = ""
  }

  private var groups: [Affixes: Group] = [:]
  private static let mostGroups = 64
  /// Cells that hold a number with something before or after it that numbers are known to have, or none.
  package private(set) var cells = 0

  package init() {}

  package mutating func add(_ text: String) {
    cells += 1
    guard let parts = NumberParts(text) else { return }
    let affixes = Affixes(prefix: NumberForm.trimmed(parts.prefix), suffix: NumberForm.trimmed(parts.suffix))
    guard groups[affixes] != nil || groups.count < Self.mostGroups else { return }
    guard groups[affixes] != nil || Self.isKnown(prefix: affixes.prefix, suffix: affixes.suffix) else { return }
    groups[affixes, default: Group(prefix: parts.prefix, suffix: parts.suffix)].add(parts)
  }

  /// Signs of currencies and their codes before a number; percent signs, those, and units of at most eight characters after it.
  private static func isKnown(prefix: String, suffix: String) -> Bool {
    func isCurrency(_ text: String) -> Bool {
      text.isEmpty || currencies.contains(text.uppercased())
        || (text.unicodeScalars.count <= 4 && text.unicodeScalars.contains { $0.properties.generalCategory == .currencySymbol }
          && text.unicodeScalars.allSatisfy { $0.properties.generalCategory == .currencySymbol || $0.properties.isAlphabetic })
    }
    func isUnit(_ text: String) -> Bool {
      guard text.unicodeScalars.count <= 8, let first = text.unicodeScalars.first else { return true }
      return first.properties.isAlphabetic || "%‰°µ'\"".unicodeScalars.contains(first)
    }
    return isCurrency(prefix) && (isCurrency(suffix) || isUnit(suffix))
  }

  private static let currencies: Set<String> = [
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "RS", "RS.", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RUB", "BRL",
    "MXN",
    "ZAR", "KRW", "SGD", "HKD", "TRY", "ILS", "KR", "KR.", "FR.", "ZŁ",
  ]
}

extension NumberFormTally.Group {
  init(prefix: String, suffix: String) { (self.prefix, self.suffix) = (prefix, suffix) }

  mutating func add(_ parts: NumberParts) {
    cells += 1
    // Marks that a number doesn't have read what those without them do: of few numbers more than the first four have to be tried.
    let tried = parts.hasOtherSeparators ? NumberFormTally.marks.count : 4
    let isRead = NumberFormTally.marks.prefix(tried).map { parts.value(decimal: $0.decimal, thousands: $0.thousands) != nil }
    let counts = [parts.decimals("."), parts.decimals(",")]
    for index in NumberFormTally.marks.indices where isRead[index < tried ? index : index % 2] {
      read[index] += 1
      let count = counts[index % 2]
      decimals[index] = decimals[index].map { Swift.min($0.lowerBound, count)...Swift.max($0.upperBound, count) } ?? count...count
      if count > 0, parts.middle.last == "0" { endsInZero[index] = true }
    }
    if parts.negative == .inside { inside += 1 }
    if parts.negative == .parentheses { parentheses += 1 }
    let spaces = parts.padding.before + "|" + parts.padding.after
    if padding[spaces] != nil || padding.count < 64 { padding[spaces, default: 0] += 1 }
  }
}

// MARK: - What the tally comes to

extension NumberFormTally {
  package struct Finding: Sendable {
    package let form: NumberForm
    /// Cells that are numbers of this form.
    package let cells: Int
    /// Another form that reads as many cells, each as another number: 1,234 may be 1234 or 1.234.
    package let rival: NumberForm?
  }

  /// The form that reads most cells; nil where none reads any.
  ///
  /// - Parameters:
  ///   - decimal: what is known of the mark of fractions.
  ///   - thousands: what is known of the mark of thousands.
  package func finding(decimal: String? = nil, thousands: String? = nil) -> Finding? {
    let known = Self.marks.indices.filter { index in
      let marks = Self.marks[index]
      return decimal.map { $0 == marks.decimal } ?? true
        && thousands.map { $0 == marks.thousands || (decimal != nil && marks.thousands == nil) } ?? true
    }
    let candidates = groups.flatMap { affixes, group in known.filter { group.read[$0] > 0 }.map { (affixes, group, $0) } }
    // In a fixed order: more cells first, then the commoner marks, then by name.
    let best = candidates.min { left, right in
      let (a, b) = (left.1.read[left.2], right.1.read[right.2])
      if a != b { return a > b }
      if left.2 != right.2 { return left.2 < right.2 }
      return (left.0.prefix, left.0.suffix) < (right.0.prefix, right.0.suffix)
    }
    guard let (affixes, group, index) = best else { return nil }
    // Only whether a comma or a point groups digits can be in doubt; everything that they read the point as a mark reads is that number.
    var rival: NumberForm?
    if decimal == nil, thousands == nil {
      let doubtful = [(1, 2)] + (index == 0 && decimal == "," ? [(0, 3)] : [])
      for (a, b) in doubtful where (index == a || index == b) && group.read[a] == group.read[b] && group.read[index] > group.read[0] {
        rival = form(affixes, group, index == a ? b : a)
      }
    }
    return Finding(form: form(affixes, group, index), cells: group.read[index], rival: rival)
  }

  private func form(_ affixes: Affixes, _ group: Group, _ index: Int) -> NumberForm {
    let marks = Self.marks[index]
    var form = NumberForm(decimal: marks.decimal, thousands: marks.thousands, prefix: group.prefix, suffix: group.suffix)
    // Thousands that no number has are no part of the form.
    if marks.thousands != nil, let plain = Self.marks.firstIndex(where: { $0.decimal == marks.decimal && $0.thousands == nil }),
      group.read[plain] == group.read[index]
    {
      form.thousands = nil
    }
    let isPlain = form.decimal == "." && form.thousands == nil && form.prefix.isEmpty && form.suffix.isEmpty
    if let decimals = group.decimals[index], decimals.lowerBound == decimals.upperBound, decimals.upperBound <= 17,
      !isPlain || group.endsInZero[index]
    {
      form.decimals = decimals.upperBound
    }
    if group.parentheses > 0 { form.negative = .parentheses } else if group.inside > 0 { form.negative = .inside }
    let padding = group.padding.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key.split(separator: "|", omittingEmptySubsequences: false)
    if let padding, padding.count == 2 { (form.prefix, form.suffix) = (padding[0] + form.prefix, form.suffix + padding[1]) }
    return form
  }
}
