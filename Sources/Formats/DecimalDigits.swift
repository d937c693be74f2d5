/// Decimal digits of whole numbers, without a branch on how many there are.
enum DecimalDigits {
  /// How many digits `number`, less than 10^9, has; 1 for 0.
  @inline(__always)
  static func count(_ number: UInt32) -> Int {
    // 1233 / 4096 is log10(2), a little less: the estimate is right or one too small.
    let bits = UInt32.bitWidth - (number | 1).leadingZeroBitCount
    let estimate = (bits * 1233) >> 12
    return estimate + (number >= power(estimate) ? 1 : 0) + (number == 0 ? 1 : 0)
  }

  /// 10^exponent, for 0 to 9.
  @inline(__always)
  static func power(_ exponent: Int) -> UInt32 { powers[exponent & 15] }

  private static let powers: [UInt32] = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 0, 0, 0, 0, 0, 0,
  ]

  /// The eight digits of `number`, less than 10^8, zeros in front, as ASCII; the first is the lowest byte.
  ///
  /// Halves, then quarters, then digits side by side in one word, each by a multiplication with a reciprocal (P. Khuong, "How to print integers really
  /// fast", 2017).
  @inline(__always)
  static func eight(_ number: UInt32) -> UInt64 {
    // abcdefgh -> abcd | efgh
    let halves = UInt64(number / 10_000) | UInt64(number % 10_000) &<< 32
    // -> ab | cd | ef | gh: x / 100 = x 10486 / 2^20 for x < 10^4
    let hundreds = ((halves &* 10_486) &>> 20) & 0x0000_007F_0000_007F
    let quarters = hundreds | (halves &- hundreds &* 100) &<< 16
    // -> a | b | ... | h: x / 10 = x 103 / 2^10 for x < 100
    let tens = ((quarters &* 103) &>> 10) & 0x000F_000F_000F_000F
    let digits = tens | (quarters &- tens &* 10) &<< 8
    return digits | 0x3030_3030_3030_3030
  }

  /// How many of the last of eight digits are zeros.
  @inline(__always)
  static func trailingZeros(_ eight: UInt64) -> Int { (eight ^ 0x3030_3030_3030_3030).leadingZeroBitCount &>> 3 }

  @inline(__always)
  static func write(_ bytes: UInt64, to start: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(start).storeBytes(of: bytes.littleEndian, as: UInt64.self)
  }
}
