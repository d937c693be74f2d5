/// A scanned decimal number: its exact parts, from which binary numbers are rounded once.
struct DecimalLiteral {
  enum Grammar {
    /// RFC 8259 section 6.
    case json
    /// Also a leading plus, leading zeros, and a point without digits on one of its sides.
    case table
  }

  private let text: UnsafeBufferPointer<UInt8>
  private let isNegative: Bool
  private let digits: UInt64
  private let exponent: Int
  /// Whether `digits` holds them all: up to 19 significant ones.
  private let isComplete: Bool
  /// Whether there is neither a point nor an exponent.
  let isInteger: Bool

  var byteCount: Int { text.count }

  /// Scans the longest number at the start of `bytes`.
  /// - Returns: nil where no number of the grammar begins.
  @inline(__always)
  init?(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, grammar: Grammar) {
    guard let base = bytes.baseAddress else { return nil }
    let end = bytes.count
    var position = start
    var digits: UInt64 = 0
    var significant = 0

    /// Takes digits into `digits`; the multiplication is only trusted while there are at most 19 significant ones.
    @inline(__always)
    func takeDigits() -> Int {
      let first = position
      while position < end {
        let digit = base[position] &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        digits = digits &* 10 &+ UInt64(digit)
        if digits != 0 { significant &+= 1 }
        position &+= 1
      }
      return position &- first
    }

    var isNegative = false
    if position < end, base[position] == UInt8(ascii: "-") || (grammar == .table && base[position] == UInt8(ascii: "+")) {
      isNegative = base[position] == UInt8(ascii: "-")
      position += 1
    }
    let whole = position
    let wholeCount = takeDigits()
    if grammar == .json, wholeCount == 0 || (wholeCount > 1 && base[whole] == UInt8(ascii: "0")) { return nil }

    var isInteger = true
    var fractionCount = 0
    if position < end, base[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      fractionCount = takeDigits()
      if grammar == .json, fractionCount == 0 { return nil }
    }
    if wholeCount + fractionCount == 0 { return nil }

    var exponent = 0
    if position < end, base[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      var isExponentNegative = false
      if position < end, base[position] == UInt8(ascii: "-") || base[position] == UInt8(ascii: "+") {
        isExponentNegative = base[position] == UInt8(ascii: "-")
        position += 1
      }
      let first = position
      while position < end, base[position] &- UInt8(ascii: "0") < 10 {
        // Saturates far outside of what any double reaches.
        exponent = min(exponent * 10 + Int(base[position] &- UInt8(ascii: "0")), 1_000_000)
        position += 1
      }
      if position == first { return nil }
      if isExponentNegative { exponent = -exponent }
    }
    self.text = UnsafeBufferPointer(start: base + start, count: position - start)
    self.isNegative = isNegative
    self.digits = digits
    self.exponent = exponent - fractionCount
    self.isComplete = significant <= 19
    self.isInteger = isInteger
  }

  /// The nearest float32, ties to even; infinite beyond its range.
  ///
  /// Exact short cuts first (W. D. Clinger, "How to read floating point numbers accurately", 1990): digits and power of ten are both exact, so one
  /// division rounds once. Going through a double rounds twice, which is only wrong when the double is exactly half-way between two floats, or when
  /// the float is subnormal; those go the slow way.
  @inline(__always)
  var float: Float {
    if isComplete {
      if digits < 1 << 24, exponent >= -10, exponent <= 10 {
        let magnitude = Float(digits)
        let value = exponent < 0 ? magnitude / Self.floatPowers[-exponent] : magnitude * Self.floatPowers[exponent]
        return isNegative ? -value : value
      }
      if let magnitude = exactDouble, magnitude >= 0x1p-126, magnitude.bitPattern & 0x1FFF_FFFF != 0x1000_0000 {
        return Float(isNegative ? -magnitude : magnitude)
      }
    }
    return slowFloat
  }

  /// The nearest double, ties to even; infinite beyond its range.
  var double: Double {
    if let magnitude = exactDouble { return isNegative ? -magnitude : magnitude }
    guard let value = Double(String(decoding: text, as: UTF8.self)) else { preconditionFailure("a scanned number has a value") }
    return value
  }

  /// The value of a literal without point and exponent, if it fits; nil for -0, which integers don't have.
  var integer: Int? {
    guard isInteger, isComplete, !(isNegative && digits == 0) else { return nil }
    if isNegative { return digits <= UInt64(Int.max) + 1 ? Int(truncatingIfNeeded: 0 &- digits) : nil }
    return Int(exactly: digits)
  }

  /// digits * 10^exponent where both are exact doubles.
  @inline(__always)
  private var exactDouble: Double? {
    guard isComplete, digits <= 1 << 53, exponent >= -22, exponent <= 22 else { return nil }
    return exponent < 0 ? Double(digits) / Self.doublePowers[-exponent] : Double(digits) * Self.doublePowers[exponent]
  }

  /// The standard library's parser: correctly rounded, and in the C locale whatever the process has set.
  @inline(never)
  private var slowFloat: Float {
    guard let value = Float(String(decoding: text, as: UTF8.self)) else { preconditionFailure("a scanned number has a value") }
    return value
  }

  private static let floatPowers: [Float] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]
  private static let doublePowers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}

/// Numbers in tables and query strings: decimal text without locale, hexadecimal, infinities or surrounding space.
package enum DecimalText {
  /// - Returns: nil unless the whole text is one number within the range of Double.
  package static func double(_ text: String) -> Double? { parse(text) { $0.double } }

  /// - Returns: nil unless the whole text is one number within the range of Float; rounded once.
  package static func float(_ text: String) -> Float? { parse(text) { $0.float } }

  private static func parse<Value: BinaryFloatingPoint>(_ text: String, _ value: (DecimalLiteral) -> Value) -> Value? {
    var text = text
    return text.withUTF8 { bytes in
      guard let literal = DecimalLiteral(bytes, from: 0, grammar: .table), literal.byteCount == bytes.count else { return nil }
      let value = value(literal)
      return value.isFinite ? value : nil
    }
  }
}
