internal import Foundation

/// How numbers are written in a column of a table: what stands before and after them, how digits are grouped, and how many of them follow the point.
///
///     $1,234.50     prefix "$", thousands ",", decimals 2
///     12,5 %        suffix " %", decimal ","
package struct NumberForm: Hashable, Sendable, Codable {
  /// What parts whole numbers from fractions: a point or a comma.
  package var decimal = "."
  /// What parts groups of three digits; nil for nothing.
  package var thousands: String?
  /// What stands before and after every number, spaces included.
  package var prefix = ""
  package var suffix = ""
  /// Digits after the point, where every number has as many; nil: as many as it takes.
  package var decimals: Int?
  /// Where the sign of a negative number stands; nil: before everything.
  package var negative: Negative?

  package enum Negative: String, Hashable, Sendable, Codable {
    /// $-5
    case inside
    /// ($5)
    case parentheses
  }

  package init(
    decimal: String = ".", thousands: String? = nil, prefix: String = "", suffix: String = "", decimals: Int? = nil, negative: Negative? = nil
  ) {
    (self.decimal, self.thousands, self.prefix, self.suffix) = (decimal, thousands, prefix, suffix)
    (self.decimals, self.negative) = (decimals, negative)
  }

  /// A number as programs write it.
  package static let plain = NumberForm()
  package var isPlain: Bool { self == .plain }
  /// Whether numbers of this form are those of plain text, apart from how many digits they have.
  package var isReadPlainly: Bool { decimal == "." && thousands == nil && prefix.isEmpty && suffix.isEmpty }

  private enum CodingKeys: String, CodingKey { case decimal, thousands, prefix, suffix, decimals, negative }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    decimal = try values.decodeIfPresent(String.self, forKey: .decimal) ?? "."
    thousands = try values.decodeIfPresent(String.self, forKey: .thousands)
    prefix = try values.decodeIfPresent(String.self, forKey: .prefix) ?? ""
    suffix = try values.decodeIfPresent(String.self, forKey: .suffix) ?? ""
    decimals = try values.decodeIfPresent(Int.self, forKey: .decimals)
    negative = try values.decodeIfPresent(Negative.self, forKey: .negative)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if decimal != "." { try values.encode(decimal, forKey: .decimal) }
    try values.encodeIfPresent(thousands, forKey: .thousands)
    if !prefix.isEmpty { try values.encode(prefix, forKey: .prefix) }
    if !suffix.isEmpty { try values.encode(suffix, forKey: .suffix) }
    try values.encodeIfPresent(decimals, forKey: .decimals)
    try values.encodeIfPresent(negative, forKey: .negative)
  }

  /// What is wrong with a form that someone wrote; nil for one that numbers can have.
  package var fault: (field: String, given: String, expected: String)? {
    guard [".", ","].contains(decimal) else { return ("decimal", "\"\(decimal)\"", "\".\" or \",\"") }
    if let thousands, thousands == decimal || !Self.separators.contains(thousands) {
      return ("thousands", "\"\(thousands)\"", "one of \(Self.separators.map { "\"\($0)\"" }.joined(separator: ", ")), and not the decimal mark")
    }
    if let decimals, !(0...17).contains(decimals) { return ("decimals", "\(decimals)", "0 to 17") }
    return nil
  }

  /// What may part groups of three digits; the last three are spaces that don't break, and the apostrophe of typesetting.
  package static let separators = [",", ".", " ", "'", "_", "\u{A0}", "\u{202F}", "\u{2019}"]
}

// MARK: - From text and back

extension NumberForm {
  /// - Returns: nil unless the whole text, apart from spaces around it, is one finite number of this form.
  package func number(_ text: String) -> Double? {
    if isReadPlainly { return DecimalText.double(text) ?? DecimalText.double(Self.trimmed(text)) }
    guard let parts = NumberParts(text), parts.matches(prefix: Self.trimmed(prefix), suffix: Self.trimmed(suffix)) else { return nil }
    return parts.value(decimal: decimal, thousands: thousands)
  }

  /// - Parameter resolution: the size of the last digit that means anything; 0 for all of them.
  package func text(_ value: Double, resolution: Double = 0) -> String {
    var magnitude = decimals.map { Self.fixed(value.magnitude, $0) } ?? Self.shortest(value.magnitude, resolution: resolution)
    let isNegative = value < 0 && magnitude.contains { ("1"..."9").contains($0) }
    if let thousands, !magnitude.contains("e") {
      magnitude = Self.grouped(magnitude, by: thousands, decimal: decimal)
    } else if decimal != "." {
      magnitude = magnitude.replacingOccurrences(of: ".", with: decimal)
    }
    guard isNegative else { return prefix + magnitude + suffix }
    // Spaces for padding stay outside of everything.
    let spaces = prefix.prefix { $0 == " " || $0 == "\t" }
    let inner = prefix.dropFirst(spaces.count)
    switch negative {
    case nil: return spaces + "-" + inner + magnitude + suffix
    case .inside: return prefix + "-" + magnitude + suffix
    case .parentheses: return spaces + "(" + inner + magnitude + suffix + ")"
    }
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  /// The shortest text of the number, as far as its digits mean something: 42.10385 rather than 42.103849172592163.
  private static func shortest(_ value: Double, resolution: Double) -> String {
    var value = value
    if resolution > 0, value > 0 {
      // %.*e has one digit before the point.
      let digits = Int(Foundation.log10(value).rounded(.down)) - Int(Foundation.log10(resolution).rounded(.down))
      if digits < 0 { return value >= resolution / 2 ? plainText(resolution) : "0" }
      if digits < 17, let rounded = Double(String(format: "%.\(digits)e", value)) { value = rounded }
    }
    return plainText(value)
  }

  /// Without the ".0" of whole numbers.
  package static func plainText(_ value: Double) -> String {
    if value == value.rounded(), value.magnitude < 1e16 { return String(format: "%.0f", value) }
    return "\(value)"
  }

  private static func grouped(_ magnitude: String, by separator: String, decimal: String) -> String {
    let parts = magnitude.split(separator: ".", omittingEmptySubsequences: false)
    let whole = Array(parts[0])
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index).isMultiple(of: 3) { result += separator }
      result.append(digit)
    }
    return parts.count > 1 ? result + decimal + parts[1] : result
  }

  package static func trimmed(_ text: String) -> String {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = text.utf8.first, let last = text.utf8.last, isSpace(first) || isSpace(last) else { return text }
    return String(decoding: text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed(), as: UTF8.self)
  }
}
