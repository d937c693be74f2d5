/// The shortest decimal number that rounds to a float32, of those the nearest to it: digits · 10^exponent.
///
/// Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020), at the precision of float32: the interval that rounds to the float is scaled by a
/// power of ten such that it holds at most one multiple of ten and at least one integer.
struct ShortestDecimal {
  /// Up to nine digits; may end in zeros.
  let digits: UInt32
  let exponent: Int

  /// - Parameter value: finite and greater than 0.
  @inline(__always)
  init(_ value: Float) {
    let fraction = value.bitPattern & 0x7F_FFFF
    let biased = Int(value.bitPattern >> 23)
    // v = c 2^q; its neighbours are c ± 1, at half the distance below where c is a power of two.
    let c = biased == 0 ? fraction : fraction | 0x80_0000
    let q = max(biased, 1) - 150
    let isNarrowBelow = fraction == 0 && biased > 1
    // 10^k is the largest power of ten not above the interval's width: k = ⌊log10(2^q)⌋, or ⌊log10(3/4 2^q)⌋.
    let k = (q * 1_262_611 - (isNarrowBelow ? 524_031 : 0)) >> 22
    let g = PowerOfTen.significand(-k)
    let shift = UInt32(truncatingIfNeeded: q + PowerOfTen.binaryExponent(-k) + 64)

    // Four times v and the ends of its interval, in units of 10^k, with the last bit set where anything was cut off.
    let v = Self.scaled((4 * c) &<< shift, by: g)
    var low = Self.scaled((4 * c - (isNarrowBelow ? 1 : 2)) &<< shift, by: g)
    var high = Self.scaled((4 * c + 2) &<< shift, by: g)
    // The ends themselves round to v only where c is even.
    low += c & 1
    high -= c & 1

    // Which of the four candidates is right is as good as random, so it is computed: a branch would be mispredicted every other time.
    let s = v >> 2
    let tens = s / 10
    let (tensLow, tensHigh) = (Self.one(low, atMost: 40 &* tens), Self.one(40 &* tens &+ 40, atMost: high))
    let (onesLow, onesHigh) = (Self.one(low, atMost: 4 &* s), Self.one(4 &* s &+ 4, atMost: high))
    // Above the middle of s and s + 1, or in it and s odd.
    let isNearerAbove = Self.one(4 &* s &+ 3, atMost: v &+ (s & 1))
    let isOnlyOne = onesLow ^ onesHigh
    let ones = s &+ (isOnlyOne & onesHigh | (isOnlyOne ^ 1) & isNearerAbove)
    let isShorter = (tensLow ^ tensHigh) & Self.one(10, atMost: s)
    digits = ones ^ ((ones ^ (tens &+ tensHigh)) & (0 &- isShorter))
    exponent = k + Int(isShorter)
  }

  /// 1 where `left` is at most `right`, else 0.
  @inline(__always)
  private static func one(_ left: UInt32, atMost right: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (Int64(left) &- Int64(right) &- 1) &>> 63) & 1
  }

  /// ⌊x g / 2^64⌋, rounded to odd.
  @inline(__always)
  private static func scaled(_ x: UInt32, by g: UInt64) -> UInt32 {
    let (high, low) = g.multipliedFullWidth(by: UInt64(x))
    return UInt32(truncatingIfNeeded: high) | (low >> 32 > 1 ? 1 : 0)
  }
}
