import Formats
import Foundation
import Testing

@Suite struct FloatTextTests {
  static func text(_ value: Float) -> String {
    var text: [UInt8] = []
    FloatText.append(value, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test(
    "Texts are short: whole numbers without a fraction, everything else the shortest that reads back",
    arguments: [
      (0, "0"), (-0.0, "-0"), (3, "3"), (-255, "-255"), (0.1, "0.1"), (-2.5, "-2.5"), (16_777_215, "16777215"), (16_777_216, "16777216"),
      (16_777_218, "1.6777218e+07"), (.nan, "null"), (.infinity, "null"),
      (-.infinity, "null"), (.pi, "3.1415925"), (.greatestFiniteMagnitude, "3.4028235e+38"), (.leastNonzeroMagnitude, "1e-45"),
    ] as [(Float, String)])
  func examples(value: Float, expected: String) {
    #expect(Self.text(value) == expected)
  }

  @Test("A table may mark missing entries in its own way")
  func missing() {
    var text: [UInt8] = []
    FloatText.append(.nan, to: &text, missing: "")
    FloatText.append(1, to: &text, missing: "")
    #expect(text == Array("1".utf8))
  }

  @Test("Every kind of float reads back bit for bit, by this module and by the standard library")
  func roundTrip() {
    var generator = SplitMix(state: 23)
    var values: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown, .greatestFiniteMagnitude, 1,
      16_777_216, 16_777_218, 8_388_607.5,
    ]
    // Every exponent, subnormals included.
    for exponent in 0..<255 as Range<UInt32> {
      for _ in 0..<200 { values.append(Float(bitPattern: exponent << 23 | UInt32.random(in: 0..<1 << 23, using: &generator))) }
    }
    for value in values {
      for value in [value, -value] {
        let text = Self.text(value)
        #expect(DecimalText.float(text)?.bitPattern == value.bitPattern, "\(text)")
        #expect(Float(text)?.bitPattern == value.bitPattern, "\(text)")
      }
    }
  }

  /// The standard library's text, which is the shortest and of those the nearest; whole numbers without fraction and exponent.
  private static func reference(_ value: Float) -> String {
    value <= 0x1p24 && value == value.rounded(.towardZero) ? String(UInt32(value)) : value.description
  }

  private static func compare(_ patterns: some Sequence<UInt32>) {
    var text: [UInt8] = []
    for pattern in patterns {
      let value = Float(bitPattern: pattern)
      text.removeAll(keepingCapacity: true)
      FloatText.append(value, to: &text)
      guard !text.elementsEqual(reference(value).utf8) else { continue }
      #expect(String(decoding: text, as: UTF8.self) == reference(value), "bit pattern \(pattern)")
    }
  }

  @Test("Floats all over the range, and all around the powers of two and ten, have the standard library's text")
  func sample() {
    Self.compare(stride(from: 1, to: 0x7F80_0000, by: 100_003))
    for exponent in 0..<255 as Range<UInt32> { Self.compare(max(exponent << 23, 16) - 16...exponent << 23 + 16) }
    for exponent in -45...38 {
      let power = Float("1e\(exponent)")!.bitPattern
      Self.compare(max(power, 20) - 20...power + 20)
    }
  }

  /// Minutes on one core: for whoever changes the algorithm.
  @Test("Every finite float has the standard library's text", .enabled(if: ProcessInfo.processInfo.environment["POSTERIOR_EXHAUSTIVE_TESTS"] != nil))
  func everyFloat() async {
    await withTaskGroup(of: Void.self) { group in
      for part in 0..<0xFF as Range<UInt32> { group.addTask { Self.compare(part << 23..<(part + 1) << 23) } }
    }
  }

  @Test("Arrays are nested as deep as the shape is long")
  func arrays() throws {
    func json(_ scalars: [Float], _ shape: [Int]) -> String {
      var text: [UInt8] = []
      FloatText.appendJSON(scalars, shape: shape, to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    #expect(json([1.5], []) == "1.5")
    #expect(json([1, .nan], [2]) == "[1,null]")
    #expect(json([1, 2, 3, 4], [2, 1, 2]) == "[[[1,2]],[[3,4]]]")
    #expect(json([], [0]) == "[]")
    #expect(json([], [2, 0]) == "[[],[]]")
  }

  @Test("A written array is JSON for Foundation, and this module's parser gives its bits back")
  func foundation() throws {
    var generator = SplitMix(state: 29)
    let scalars = (0..<6000).map { _ in Float(bitPattern: UInt32.random(in: 0..<0x7F80_0000, using: &generator)) }
    var text = Array("{\"x\":".utf8)
    FloatText.appendJSON(scalars, shape: [20, 300], to: &text)
    text.append(UInt8(ascii: "}"))
    let read = try JSONDecoder().decode([String: [[Float]]].self, from: Data(text))
    #expect(read["x"]?.flatMap(\.self) == scalars)
    let parsed = try JSONValue(parsing: text, numericFields: ["x"])
    #expect(parsed["x"] == .numbers(NumberArray(shape: [20, 300], scalars: scalars)))
    #expect(parsed.text == text)
  }

  @Test("Little-endian bytes read back, and a cut number is refused")
  func bytes() {
    var bytes: [UInt8] = []
    FloatBytes.append([1, -0.0], to: &bytes)
    #expect(bytes == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x80])
    #expect(FloatBytes.decode(bytes)?.map(\.bitPattern) == [Float(1).bitPattern, Float(-0.0).bitPattern])
    #expect(FloatBytes.decode([1, 2, 3]) == nil)
  }
}
