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
    var bytes = Array(middle.utf8)
    let (mark, point) = (Array(decimal.utf8), UInt8(ascii: "."))
    if let thousands {
      let separator = Array(thousands.utf8)
      let exponent = bytes.firstIndex { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") } ?? bytes.count
      let end = bytes[..<exponent].firstPlace(of: mark) ?? exponent
      let groups = bytes[..<end].parts(between: separator)
      if groups.count > 1 {
        // 1,234,567: three digits in every group but the first, which does not begin with 0.
        guard (1...3).contains(groups[0].count), groups[0].first != UInt8(ascii: "0"), groups.dropFirst().allSatisfy({ $0.count == 3 }) else {
          return nil
        }
        bytes = Array(groups.joined()) + bytes[end...]
      }
      guard bytes[...].firstPlace(of: separator) == nil else { return nil }
    }
    if decimal != "." {
      guard !bytes.contains(point) else { return nil }
      bytes = Array(bytes[...].parts(between: mark).joined(separator: [point]))
    }
    guard let first = bytes.first, first == point || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
    return DecimalText.double(String(decoding: bytes, as: UTF8.self)).map { isNegative ? -$0 : $0 }
  }

  /// Digits after the mark.
  func decimals(_ decimal: String) -> Int {
    let (bytes, mark) = (Array(middle.utf8), Array(decimal.utf8))
    return bytes[...].firstPlace(of: mark).map { bytes.count - $0 - mark.count } ?? 0
  }

  /// Whether there is anything among the digits that parts groups of them, but points and commas.
  var hasOtherSeparators: Bool {
    middle.utf8.contains { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ","): false
      default: true
      }
    }
  }
}

extension ArraySlice<UInt8> {
  /// Where the first one begins.
  fileprivate func firstPlace(of mark: [UInt8]) -> Int? {
    guard count >= mark.count else { return nil }
    return (startIndex...endIndex - mark.count).first { place in mark.indices.allSatisfy { self[place + $0] == mark[$0] } }
  }

  /// What stands before, between and after all of them.
  fileprivate func parts(between mark: [UInt8]) -> [ArraySlice<UInt8>] {
    var (parts, rest): ([ArraySlice<UInt8>], ArraySlice<UInt8>) = ([], self)
    while let place = rest.firstPlace(of: mark) {
      parts.append(rest[..<place])
      rest = rest[(place + mark.count)...]
    }
    return parts + [rest]
  }
}
