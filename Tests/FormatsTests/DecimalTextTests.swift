import Formats
import Testing

@Suite struct DecimalTextTests {
  @Test(
    "Decimal numbers are read, with sign, point and exponent in every place that people write them",
    arguments: [
      ("0", 0), ("-1.5", -1.5), ("+2", 2), ("1e3", 1000), ("1E+3", 1000), ("25e-2", 0.25), (".5", 0.5), ("5.", 5), ("007", 7),
      ("1.7976931348623157e308", .greatestFiniteMagnitude),
      ("4.9e-324", .leastNonzeroMagnitude), ("1e-400", 0), ("9007199254740993", 9_007_199_254_740_992), ("0.1000000000000000055511151231257827", 0.1),
    ] as [(String, Double)])
  func numbers(text: String, value: Double) {
    #expect(DecimalText.double(text) == value)
  }

  @Test(
    "Everything else is no number",
    arguments: [
      "", " ", " 1", "1 ", "1,5", "1_000", "0x10", "inf", "nan", "NaN", "infinity", "e3", ".", "-", "+-1", "1e", "1e+", "1.2.3", "١", "1e400", "1\0",
      "--1", "1f", "½",
    ])
  func others(text: String) {
    #expect(DecimalText.double(text) == nil)
    #expect(DecimalText.float(text) == nil)
  }

  /// Decimal texts that lie exactly half-way between two floats, or so near that a detour through double falls on the half-way point.
  @Test(
    "Half-way cases are rounded once",
    arguments: [
      ("16777217", 0x4B80_0000), ("16777219", 0x4B80_0002), ("1.00000005960464477539062", 0x3F80_0000), ("1.000000059604644775390625", 0x3F80_0000),
      ("1.0000000596046447753906250000000000000001", 0x3F80_0001), ("1.00000017881393432617187500", 0x3F80_0002),
      ("1.00000017881393432617187499", 0x3F80_0001), ("1.000000059604645", 0x3F80_0001), ("3.4028235677973366e38", 0x7F7F_FFFF),
      ("3.4028235677973367e38", nil),
      ("340282356779733661637539395458142568447", 0x7F7F_FFFF), ("340282356779733661637539395458142568448", nil),
      ("7.0064923216240854e-46", 0x0000_0001),
      ("7.006492321624085e-46", 0x0000_0000), ("1.1754943508222875e-38", 0x0080_0000), ("1.1754942807573643e-38", 0x0080_0000), ("-0", 0x8000_0000),
      ("-0.0e7", 0x8000_0000),
    ] as [(String, UInt32?)])
  func halfway(text: String, pattern: UInt32?) {
    #expect(DecimalText.float(text)?.bitPattern == pattern)
  }

  @Test("Any text of any length is the float that the standard library reads, bit for bit")
  func againstTheStandardLibrary() {
    var generator = SplitMix(state: 17)
    for _ in 0..<200_000 {
      let whole = (0..<Int.random(in: 1...12, using: &generator)).map { _ in Int.random(in: 0...9, using: &generator) }
      let fraction = (0..<Int.random(in: 0...16, using: &generator)).map { _ in Int.random(in: 0...9, using: &generator) }
      let exponent = Bool.random(using: &generator) ? "e\(Int.random(in: -60...30, using: &generator))" : ""
      let text = "\(Bool.random(using: &generator) ? "-" : "")\(whole.map(String.init).joined()).\(fraction.map(String.init).joined())0\(exponent)"
      let reference = Float(text)!
      #expect(DecimalText.float(text)?.bitPattern == (reference.isFinite ? reference.bitPattern : nil), "\(text)")
      #expect(DecimalText.double(text)?.bitPattern == Double(text)!.bitPattern, "\(text)")
    }
  }

  @Test("Texts of numbers near half-way points between floats are rounded once")
  func nearHalfway() {
    var generator = SplitMix(state: 19)
    for _ in 0..<100_000 {
      // Between two neighbouring floats lies exactly one double that would be rounded twice.
      let float = Float(bitPattern: UInt32.random(in: 0x3000_0000...0x4F00_0000, using: &generator))
      let middle = (Double(float) + Double(float.nextUp)) / 2
      for text in ["\(middle)", "\(middle.nextUp)", "\(middle.nextDown)", "\(middle)".prefix(15).description] {
        // A text that is cut within its exponent is no number for either.
        #expect(DecimalText.float(text)?.bitPattern == Self.pattern(text), "\(text)")
      }
    }
  }

  /// What the standard library reads; nil for what no float can hold.
  private static func pattern(_ text: String) -> UInt32? { Float(text).flatMap { $0.isFinite ? $0.bitPattern : nil } }

  @Test("Texts of seventeen digits and more, as languages write doubles, are the float that the standard library reads")
  func longTexts() {
    var generator = SplitMix(state: 31)
    for _ in 0..<50_000 {
      let double = Double(bitPattern: UInt64.random(in: 0x3600_0000_0000_0000...0x4800_0000_0000_0000, using: &generator))
      let digits = "\(UInt64.random(in: 0 ... .max, using: &generator))\(UInt16.random(in: 0 ... .max, using: &generator))".prefix(
        Int.random(in: 17...24, using: &generator))
      for text in [
        "\(double)", "0.\(digits)", "\(digits)e-\(Int.random(in: 0...70, using: &generator))", "0.000\(digits)",
        "\(digits.prefix(9)).\(digits.dropFirst(9))",
      ] {
        #expect(DecimalText.float(text)?.bitPattern == Self.pattern(text), "\(text)")
      }
    }
  }

  @Test("Subnormal floats, the smallest and the largest are rounded once")
  func ends() {
    var generator = SplitMix(state: 37)
    for _ in 0..<50_000 {
      // Halves, quarters and eighths of the smallest step, and a hair beside them.
      let steps = Double(UInt32.random(in: 0...0x0100_0000, using: &generator)) / 8
      let double = steps * 0x1p-149
      for text in ["\(double)", "\(double.nextUp)", "\(double.nextDown)"] where double > 0 {
        #expect(DecimalText.float(text)?.bitPattern == Self.pattern(text), "\(text)")
      }
    }
    for text in [
      "3.4028234663852886e38", "3.40282356e38", "3.4028235677973366e+38", "34028235677973366e22", "0.7006492321624085e-45", "7006492321624086e-61",
    ] {
      #expect(DecimalText.float(text)?.bitPattern == Self.pattern(text), "\(text)")
    }
  }
}
