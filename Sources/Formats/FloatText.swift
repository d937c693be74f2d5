/// The shortest decimal text that reads back as the same float32, and nested JSON arrays of it.
///
/// The texts are the standard library's, but whole numbers up to 2^24 have no fraction: "3", "-0", "0.1", "8.517569e-09", "1.6777218e+07".
package enum FloatText {
  /// Bytes of the longest text, "-1.17549435e-38", and of a comma.
  private static let longest = 16
  /// Bytes that may be written after the end of a text: eight digits are written at once, however many count.
  private static let slack = 8

  /// Appends `value`; negative zero is "-0".
  /// - Parameter missing: what stands for NaN and the infinities, which JSON doesn't have; at most 16 bytes.
  package static func append(_ value: Float, to text: inout [UInt8], missing: StaticString = "null") {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest + slack) { buffer in
      guard let start = buffer.baseAddress else { return }
      let end = write(value, to: start, missing: missing)
      text.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
    }
  }

  /// The text of one number.
  package static func text(_ value: Float, missing: StaticString = "null") -> String {
    var text: [UInt8] = []
    append(value, to: &text, missing: missing)
    return String(decoding: text, as: UTF8.self)
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

  /// Appends the part of `appendJSON(_:shape:to:)` that belongs to the numbers in `range`, with the brackets and commas before and after them.
  static func appendJSON(_ scalars: [Float], shape: [Int], range: Range<Int>, to text: inout [UInt8]) {
    guard let innermost = shape.last else { return appendJSON(scalars, shape: shape, to: &text) }
    // Numbers of an array of each depth, the whole first.
    let sizes = shape.indices.map { shape[$0...].reduce(1, *) }
    func brackets(at index: Int) -> Int { sizes.count { index.isMultiple(of: $0) } }
    scalars.withUnsafeBufferPointer { scalars in
      var index = range.lowerBound
      while index < range.upperBound {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        text.append(contentsOf: repeatElement(UInt8(ascii: "["), count: brackets(at: index)))
        let end = min((index / innermost + 1) * innermost, range.upperBound)
        appendList(UnsafeBufferPointer(rebasing: scalars[index..<end]), to: &text)
        index = end
        text.append(contentsOf: repeatElement(UInt8(ascii: "]"), count: brackets(at: index)))
      }
    }
  }

  /// Appends numbers with commas between them.
  package static func appendList(_ scalars: UnsafeBufferPointer<Float>, to text: inout [UInt8], missing: StaticString = "null") {
    let blockCount = 256
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: blockCount * longest + slack) { buffer in
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

  /// Writes at most 15 bytes that count, and returns their end.
  @inline(__always)
  private static func write(_ value: Float, to start: UnsafeMutablePointer<UInt8>, missing: StaticString) -> UnsafeMutablePointer<UInt8> {
    var end = start
    guard value.isFinite else {
      end.update(from: missing.utf8Start, count: missing.utf8CodeUnitCount)
      return end + missing.utf8CodeUnitCount
    }
    // Without a branch: signs are as good as random.
    end.pointee = UInt8(ascii: "-")
    end += Int(value.bitPattern >> 31)
    let magnitude = value.magnitude
    if magnitude <= 0x1p24 {
      let whole = UInt32(magnitude)
      if Float(whole) == magnitude {
        let count = DecimalDigits.count(whole)
        DecimalDigits.write(DecimalDigits.eight(whole &* DecimalDigits.power(8 - count)), to: end)
        return end + count
      }
    }
    let decimal = ShortestDecimal(magnitude)
    let written = DecimalDigits.count(decimal.digits)
    // Nine digits with zeros after: the first, and the other eight in the bytes of a word.
    let aligned = decimal.digits &* DecimalDigits.power(9 - written)
    let first = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: aligned / 100_000_000)
    let others = DecimalDigits.eight(aligned % 100_000_000)
    // Without the zeros at the end.
    let count = 9 - DecimalDigits.trailingZeros(others)
    // v = 0.digits · 10^point
    let point = written &+ decimal.exponent
    if magnitude > 0x1p24 || point < -3 { return writeScientific(first, others, count: count, exponent: point - 1, to: end) }
    if point <= 0 {
      // 0.000ddd
      DecimalDigits.write(0x3030_3030_3030_2E30, to: end)
      end += 2 - point
      end[0] = first
      DecimalDigits.write(others, to: end + 1)
      return end + count
    }
    // ddd.ddd: all digits, then those after the point again one place further.
    end[0] = first
    DecimalDigits.write(others, to: end + 1)
    DecimalDigits.write(others &>> UInt64(8 * (point - 1)), to: end + point + 1)
    end[point] = UInt8(ascii: ".")
    return end + count + 1
  }

  /// d.ddde-05, the exponent signed and of two digits.
  private static func writeScientific(
    _ first: UInt8, _ others: UInt64, count: Int, exponent: Int, to start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    start[0] = first
    start[1] = UInt8(ascii: ".")
    DecimalDigits.write(others, to: start + 2)
    let end = count == 1 ? start + 1 : start + count + 1
    let magnitude = UInt8(exponent.magnitude)
    end[0] = UInt8(ascii: "e")
    end[1] = exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
    end[2] = UInt8(ascii: "0") + magnitude / 10
    end[3] = UInt8(ascii: "0") + magnitude % 10
    return end + 4
  }
}
