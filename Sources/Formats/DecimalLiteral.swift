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
  /// Whether `digits` holds them all: at most 19 from the first that is not 0 on.
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

    /// Takes digits into `digits`, which is only trusted while there are at most 19 of them.
    @inline(__always)
    func takeDigits() -> Int {
      let first = position
      while position < end {
        let digit = base[position] &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        digits = digits &* 10 &+ UInt64(digit)
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
      let first = position
      while end &- position >= 8, let eight = Self.eightDigits(base + position) {
        digits = digits &* 100_000_000 &+ eight
        position &+= 8
      }
      _ = takeDigits()
      fractionCount = position &- first
      if grammar == .json, fractionCount == 0 { return nil }
    }
    if wholeCount + fractionCount == 0 { return nil }
    let digitsEnd = position

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
    isComplete =
      wholeCount + fractionCount <= 19 || Self.significantDigits(UnsafeBufferPointer(start: base + whole, count: digitsEnd - whole)) <= 19
    self.isInteger = isInteger
  }

  /// Eight digits at once (D. Lemire, "Number parsing at a gigabyte per second", 2021); nil where one of the bytes is no digit.
  @inline(__always)
  private static func eightDigits(_ bytes: UnsafePointer<UInt8>) -> UInt64? {
    let text = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
    let values = text &- 0x3030_3030_3030_3030
    // A byte below "0" borrows its top bit, one above "9" carries into it.
    guard (values | (text &+ 0x4646_4646_4646_4646)) & 0x8080_8080_8080_8080 == 0 else { return nil }
    // Pairs, then fours, then all: the first digit is the lowest byte.
    let pairs = values &* 10 &+ values >> 8
    return ((pairs & 0xFF_0000_00FF) &* 0x0F_4240_0000_0064 &+ (pairs >> 16 & 0xFF_0000_00FF) &* 0x2710_0000_0001) >> 32
  }

  /// Digits from the first that is not 0 on, of digits with at most one point among them.
  @inline(never)
  private static func significantDigits(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    let digits = text.filter { $0 &- UInt8(ascii: "0") < 10 }
    return digits.count - digits.prefix { $0 == UInt8(ascii: "0") }.count
  }

  /// The nearest float32, ties to even; infinite beyond its range.
  ///
  /// A short cut where digits and power of ten are both exact, so that one operation rounds once (W. D. Clinger, "How to read floating point numbers
  /// accurately", 1990). Else the digits times a 64-bit power of ten, which bounds the number from both sides so closely that both nearly always round to
  /// the same float, as Lemire does with 128 bits. What lies too near to the middle of two floats goes the slow way.
  @inline(__always)
  var float: Float {
    guard isComplete else { return slowFloat }
    if digits < 1 << 24, exponent >= -10, exponent <= 10 {
      let magnitude = Float(digits)
      let value = exponent < 0 ? magnitude / Self.floatPowers[-exponent] : magnitude * Self.floatPowers[exponent]
      return isNegative ? -value : value
    }
    guard let magnitude = boundedFloat else { return slowFloat }
    return isNegative ? -magnitude : magnitude
  }

  /// digits · 10^exponent; nil where the bounds don't decide.
  @inline(__always)
  private var boundedFloat: Float? {
    guard digits != 0 else { return 0 }
    // 19 digits are less than 2^64: beyond these powers everything is less than half of the smallest float, or infinite.
    guard exponent >= PowerOfTen.exponents.lowerBound else { return 0 }
    guard exponent <= 38 else { return .infinity }
    let shift = digits.leadingZeroBitCount
    // m 2^e <= v < (m + 1) 2^e up to one unit of m: the power is too large by less than one part in 2^63.
    let m = PowerOfTen.significand(exponent).multipliedFullWidth(by: digits &<< UInt64(shift)).high
    let e = PowerOfTen.binaryExponent(exponent) - shift + 64
    // Bits of m below the float's last one: all but 24, more where the float is subnormal.
    let cut = max(40 - m.leadingZeroBitCount, -149 - e)
    guard cut < 64 else { return nil }
    let half: UInt64 = 1 << UInt64(cut - 1)
    let rest = m & (2 &* half &- 1)
    if rest &+ 1 >= half, rest <= half + 1 { return nil }
    let significand = m >> UInt64(cut) + (rest > half ? 1 : 0)
    // The significand's leading bit, where there is one, adds 1 to the exponent; so does the carry of rounding up, as far as infinity.
    let exponentField = e + cut + 149
    guard exponentField < 254 else { return .infinity }
    return Float(bitPattern: UInt32(exponentField) << 23 + UInt32(significand))
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
