/// The shortest decimal text that reads back as the same float32, and nested JSON arrays of it.
package enum FloatText {
  /// Appends `value`; whole numbers without a fraction ("3"), negative zero as "-0".
  /// - Parameter missing: what stands for NaN and the infinities, which JSON doesn't have.
  @inline(__always)
  package static func append(_ value: Float, to text: inout [UInt8], missing: StaticString = "null") {
    guard value.isFinite else {
      text.append(contentsOf: UnsafeBufferPointer(start: missing.utf8Start, count: missing.utf8CodeUnitCount))
      return
    }
    if value.magnitude < 0x1p24, value == value.rounded(.towardZero) {
      appendWhole(value, to: &text)
    } else {
      // From 2^24 on the standard library writes exponents ("1.6777216e+07"), below it fractions; both are JSON numbers.
      var shortest = value.description
      shortest.withUTF8 { text.append(contentsOf: $0) }
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

  private static func appendArray(_ scalars: UnsafeBufferPointer<Float>, shape: ArraySlice<Int>, to text: inout [UInt8]) {
    guard let length = shape.first else { return append(scalars[0], to: &text) }
    text.append(UInt8(ascii: "["))
    let inner = shape.dropFirst()
    let stride = inner.reduce(1, *)
    for index in 0..<length {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      if inner.isEmpty {
        append(scalars[index], to: &text)
      } else {
        appendArray(UnsafeBufferPointer(rebasing: scalars[index * stride..<(index + 1) * stride]), shape: inner, to: &text)
      }
    }
    text.append(UInt8(ascii: "]"))
  }

  private static func appendWhole(_ value: Float, to text: inout [UInt8]) {
    if value.sign == .minus { text.append(UInt8(ascii: "-")) }
    let number = UInt32(value.magnitude)
    var divisor: UInt32 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }
}
