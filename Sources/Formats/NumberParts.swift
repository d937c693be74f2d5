internal import Foundation

/// A text cut at the first and the last digit of the number that it may hold: sign, what stands before, digits with what parts them, the rest.
package struct NumberParts {
  let isNegative: Bool
  let negative: NumberForm.Negative?
  /// Without spaces at their outer ends.
  let prefix: String
  let suffix: String
  /// From the first digit, or the point before it, to the last; with an exponent where there is one.
  package let middle: String
  /// Spaces before and after everything.
  let padding: (before: String, after: String)

  package init?(_ text: String) {
    let before = text.prefix { $0 == " " || $0 == "\t" }
    let after = text.dropFirst(before.count).reversed().prefix { $0 == " " || $0 == "\t" }
    padding = (String(before), String(after.reversed()))
    var body = Array(text.unicodeScalars.dropFirst(before.unicodeScalars.count).dropLast(after.count))
    var isNegative = false
    var negative: NumberForm.Negative?
    if body.count > 2, body.first == "(", body.last == ")" {
      (isNegative, negative) = (true, .parentheses)
      body = Array(body.dropFirst().dropLast())
    }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
    func isMinus(_ scalar: Unicode.Scalar) -> Bool { scalar == "-" || scalar == "\u{2212}" }
    guard var first = body.firstIndex(where: isDigit), var last = body.lastIndex(where: isDigit) else { return nil }
    if first > 0, isMark(body[first - 1]) { first -= 1 }
    // "5." but not "5 kg."
    if last + 1 == body.count - 1, isMark(body[last + 1]) { last += 1 }
    var head = Array(body[..<first])
    if let sign = head.first, isMinus(sign) || sign == "+" {
      guard negative == nil else { return nil }
      isNegative = isMinus(sign)
      head.removeFirst()
    } else if let sign = head.last, isMinus(sign) || sign == "+" {
      guard negative == nil else { return nil }
      isNegative = isMinus(sign)
      if isNegative { negative = .inside }
      head.removeLast()
    }
    (self.isNegative, self.negative) = (isNegative, negative)
    func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
      var result = String.UnicodeScalarView()
      result.append(contentsOf: scalars)
      return String(result)
    }
    prefix = string(head)
    suffix = string(body[(last + 1)...])
    middle = string(body[first...last])
  }

  /// Spaces between the affix and the number may be there or not.
  package func matches(prefix: String, suffix: String) -> Bool {
    NumberForm.trimmed(self.prefix) == prefix && NumberForm.trimmed(self.suffix) == suffix
  }

  /// What the digits mean under some marks; nil where they don't fit.
  package func value(decimal: String, thousands: String?) -> Double? {
    var text = middle
    if let thousands {
      let exponent = text.firstIndex { $0 == "e" || $0 == "E" } ?? text.endIndex
      let end = text[..<exponent].range(of: decimal)?.lowerBound ?? exponent
      let groups = text[..<end].components(separatedBy: thousands)
      if groups.count > 1 {
        // 1,234,567: three digits in every group but the first, which does not begin with 0.
        guard (1...3).contains(groups[0].utf8.count), groups[0].first != "0", groups.dropFirst().allSatisfy({ $0.utf8.count == 3 }) else {
          return nil
        }
        text = groups.joined() + text[end...]
      }
      guard !text.contains(thousands) else { return nil }
    }
    if decimal != "." {
      guard !text.contains(".") else { return nil }
      text = text.replacingOccurrences(of: decimal, with: ".")
    }
    guard let first = text.unicodeScalars.first, ("0"..."9").contains(first) || first == "." else { return nil }
    return DecimalText.double(text).map { isNegative ? -$0 : $0 }
  }

  /// Digits after the mark.
  func decimals(_ decimal: String) -> Int { middle.range(of: decimal).map { middle[$0.upperBound...].utf8.count } ?? 0 }
}
