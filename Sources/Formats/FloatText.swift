/// The shortest decimal text that reads back as the same float32, and nested JSON arrays of it.
///
/// The texts are the standard library's, but whole numbers up to 2^24 have no fraction: "3", "-0", "0.1", "8.517569e-09", "1.6777218e+07".
package enum FloatText {
  /// Bytes of the longest text, "-1.17549435e-38", and of a comma.
  private static let longest = 16

  /// Appends `value`; negative zero is "-0".
  /// - Parameter missing: what stands for NaN and the infinities, which JSON doesn't have; at most 16 bytes.
  package static func append(_ value: Float, to text: inout [UInt8], missing: StaticString = "null") {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { buffer in
      guard let start = buffer.baseAddress else { return }
      let end = write(value, to: start, missing: missing)
      text.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
    }
  }

  /// Appends `scalars` (row-major) as arrays nested as deep as the shape is long; an empty shape is a bare number.
  package static func appendJSON(_ scalars: [Float], shape: [Int], to text: inout [UInt8]) {
    scalars.withUnsafeBufferPointer { appendJSON($0, shape: shape, to: &text) }
  }

  package static func appendJSON(_ scalars: UnsafeBufferPointer<Float>, shape: [Int], to text: inout [UInt8]) {
    precondition(shape.reduce(1, *) == scalars.count, "\(scalars.count) scalars for shape \(shape)")
    text.reserveCapacity(text.count + 12 * scalars.count + 2)
    appendArray(scalars, shape: shape[...], to: &text)
  }

  /// Appends numbers with commas between them.
  package static func appendList(_ scalars: UnsafeBufferPointer<Float>, to text: inout [UInt8], missing: StaticString = "null") {
    let blockCount = 256
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: blockCount * longest) { buffer in
      guard let start = buffer.baseAddress else { return }
      var index = 0
      while index < scalars.count {
        var end = start
        for value in scalars[index..<min(index + blockCount, scalars.count)] {
          if index > 0 {
            end.pointee = UInt8(ascii: ",")
            end += 1
          }
          end = write(value, to: end, missing: missing)
          index += 1
        }
        text.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
      }
    }
  }

  private static func appendArray(_ scalars: UnsafeBufferPointer<Float>, shape: ArraySlice<Int>, to text: inout [UInt8]) {
    guard let length = shape.first else { return append(scalars[0], to: &text) }
    text.append(UInt8(ascii: "["))
    let inner = shape.dropFirst()
    if inner.isEmpty {
      appendList(scalars, to: &text)
    } else {
      let stride = inner.reduce(1, *)
      for index in 0..<length {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        appendArray(UnsafeBufferPointer(rebasing: scalars[index * stride..<(index + 1) * stride]), shape: inner, to: &text)
      }
    }
    text.append(UInt8(ascii: "]"))
  }

  // MARK: One number

  /// Writes at most 15 bytes, and returns the end.
  @inline(__always)
  private static func write(_ value: Float, to start: UnsafeMutablePointer<UInt8>, missing: StaticString) -> UnsafeMutablePointer<UInt8> {
    var end = start
    guard value.isFinite else {
      end.update(from: missing.utf8Start, count: missing.utf8CodeUnitCount)
      return end + missing.utf8CodeUnitCount
    }
    if value.sign == .minus {
      end.pointee = UInt8(ascii: "-")
      end += 1
    }
    let magnitude = value.magnitude
    if magnitude <= 0x1p24 {
      let whole = UInt32(magnitude)
      if Float(whole) == magnitude { return writeDigits(whole, count: digitCount(whole), to: end) }
    }
    let decimal = ShortestDecimal(magnitude)
    var (digits, exponent) = (decimal.digits, decimal.exponent)
    while digits % 10 == 0 {
      digits /= 10
      exponent += 1
    }
    let count = digitCount(digits)
    // v = 0.digits · 10^point
    let point = count + exponent
    if magnitude > 0x1p24 || point < -3 { return writeScientific(digits, count: count, exponent: point - 1, to: end) }
    if point <= 0 {
      // 0.000ddd
      end[0] = UInt8(ascii: "0")
      end[1] = UInt8(ascii: ".")
      (end + 2).update(repeating: UInt8(ascii: "0"), count: -point)
      return writeDigits(digits, count: count, to: end + 2 - point)
    }
    // ddd.ddd: the digits one place to the right, then those before the point moved back.
    let last = writeDigits(digits, count: count, to: end + 1)
    for index in 0..<point { end[index] = end[index + 1] }
    end[point] = UInt8(ascii: ".")
    return last
  }

  /// d.ddde-05, the exponent signed and of two digits.
  private static func writeScientific(_ digits: UInt32, count: Int, exponent: Int, to start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<
    UInt8
  > {
    var end = writeDigits(digits, count: count, to: start + 1)
    start[0] = start[1]
    start[1] = UInt8(ascii: ".")
    if count == 1 { end = start + 1 }
    end[0] = UInt8(ascii: "e")
    end[1] = exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
    return writeDigits(UInt32(exponent.magnitude), count: 2, to: end + 2)
  }

  @inline(__always)
  private static func digitCount(_ number: UInt32) -> Int {
    if number < 1000 { return number < 10 ? 1 : number < 100 ? 2 : 3 }
    if number < 1_000_000 { return number < 10_000 ? 4 : number < 100_000 ? 5 : 6 }
    return number < 10_000_000 ? 7 : number < 100_000_000 ? 8 : 9
  }

  /// Writes exactly `count` digits, two at a time from the last.
  @inline(__always)
  private static func writeDigits(_ number: UInt32, count: Int, to start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    var (rest, place) = (number, count)
    while place >= 2 {
      place -= 2
      let pair = Int(rest % 100) * 2
      rest /= 100
      start[place] = pairs.utf8Start[pair]
      start[place + 1] = pairs.utf8Start[pair + 1]
    }
    if place == 1 { start[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
    return start + count
  }

  private static let pairs: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869\
    707172737475767778798081828384858687888990919293949596979899
    """
}
