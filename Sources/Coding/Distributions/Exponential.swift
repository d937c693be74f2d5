/// e^x and ln x by additions, multiplications and divisions of doubles alone, which IEEE 754 rounds in one way: the same bits on every processor.
///
/// Nothing is fused and no library is asked, because either may differ in the last place, and one such place ruins a stream.
enum Exponential {
  /// For x <= 0, to 2 ulp; e^-708 below that, the last that is a normal number.
  @inline(__always)
  static func exp(_ x: Double) -> Double {
    let x = x < -708 ? -708 : x
    // x = n ln 2 + r; adding the shifter rounds to an integer and leaves that integer in the low bits.
    let shifter = 0x1.8p52
    let shifted = x * 1.4426950408889634 + shifter
    let n = shifted - shifter
    let r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    // Taylor's series up to r^13 / 13!, |r| <= ln 2 / 2.
    var p = 1.0 / 6_227_020_800
    p = p * r + 1.0 / 479_001_600
    p = p * r + 1.0 / 39_916_800
    p = p * r + 1.0 / 3_628_800
    p = p * r + 1.0 / 362_880
    p = p * r + 1.0 / 40_320
    p = p * r + 1.0 / 5_040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    return p * Double(bitPattern: (shifted.bitPattern &- shifter.bitPattern &+ 1023) &<< 52)
  }

  /// For normal x > 0, to 1 ulp; coefficients of fdlibm's e_log.c.
  static func log(_ x: Double) -> Double {
    // x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt 2
    let root: UInt64 = 0x3fe6_a09e_667f_3bcd
    let shifted = x.bitPattern &- root
    let f = Double(bitPattern: (shifted & 0xf_ffff_ffff_ffff) &+ root) - 1
    let e = Double(Int64(bitPattern: shifted) >> 52)
    let s = f / (2 + f)
    let z = s * s
    var r = 1.479819860511658591e-01
    r = r * z + 1.531383769920937332e-01
    r = r * z + 1.818357216161805012e-01
    r = r * z + 2.222219843214978396e-01
    r = r * z + 2.857142874366239149e-01
    r = r * z + 3.999999999940941908e-01
    r = r * z + 6.666666666666735130e-01
    let half = 0.5 * f * f
    return e * 6.93147180369123816490e-01 + (f - (half - (s * (r * z + half) + e * 1.90821492927058770002e-10)))
  }
}

/// A cdf's argument, rounded to a multiple of 2^-32 within -limit ... limit.
///
/// Neighbours on this grid lie so far apart that their cdfs differ by more than any error of an approximation: a cdf that is computed there never
/// falls, which a coder relies on. What rounding moves is less than a slot of the finest precision.
@inline(__always)
func onGrid(_ z: Double, limit: Double) -> Double {
  let z = z < -limit ? -limit : (z > limit ? limit : z)
  let shifter = 0x1.8p20
  return (z + shifter) - shifter
}
