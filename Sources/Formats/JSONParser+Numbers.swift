extension JSONParser {
  /// What is known of a nested array while it is read.
  private struct Rectangle {
    /// The length along each axis that has been met; the first array of an axis fixes it.
    var shape: [Int] = []
    /// The axis whose entries are numbers, once one has been met.
    var innermost: Int?
    var scalars: [Float] = []
  }

  /// Reads a rectangular array of numbers at '['.
  /// - Returns: nil, at the position of before, for an array that holds anything else.
  mutating func numbers(depth: Int) throws(JSONError) -> NumberArray? {
    let (start, pathLength) = (position, path.count)
    var rectangle = Rectangle()
    guard try row(axis: 0, depth: depth, into: &rectangle) else {
      position = start
      path.removeLast(path.count - pathLength)
      return nil
    }
    return NumberArray(shape: rectangle.shape, scalars: rectangle.scalars)
  }

  /// One array along `axis`.
  /// - Returns: false on meeting anything but numbers and arrays.
  private mutating func row(axis: Int, depth: Int, into rectangle: inout Rectangle) throws(JSONError) -> Bool {
    guard depth <= limits.depth else { throw tooLarge("more than \(limits.depth) levels deep", "at most that") }
    let start = position
    position += 1
    let isFirst = rectangle.shape.count == axis
    if isFirst { rectangle.shape.append(0) }

    var count = 0
    skipSpace()
    if accept("]") {
      if rectangle.innermost == nil { rectangle.innermost = axis }
    } else {
      while true {
        if rectangle.innermost == axis { count += run(into: &rectangle.scalars) }
        skipSpace()
        switch next {
        case UInt8(ascii: "["):
          guard rectangle.innermost != axis else { throw ragged(count, "an array", "a number") }
          path.append(.index(count))
          guard try row(axis: axis + 1, depth: depth + 1, into: &rectangle) else { return false }
          path.removeLast()
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "t"), UInt8(ascii: "f"): return false
        default:
          let (start, scalar) = (position, try entry(count))
          if rectangle.innermost == nil { rectangle.innermost = axis }
          guard rectangle.innermost == axis else {
            position = start
            throw ragged(count, "a single number", "an array of \(Self.values(rectangle.shape[axis + 1]))")
          }
          rectangle.scalars.append(scalar)
        }
        count += 1
        // The common case first: nothing between a number and its comma.
        if next == UInt8(ascii: ",") {
          position += 1
          continue
        }
        skipSpace()
        if accept("]") { break }
        guard accept(",") else { throw unexpected("',' or ']'") }
      }
    }
    if isFirst {
      rectangle.shape[axis] = count
    } else if rectangle.shape[axis] != count {
      position = start
      let name = JSONPath.text(path)
      throw JSONError(
        .malformed, field: name, given: Self.values(count), expected: "\(rectangle.shape[axis])",
        detail: "\(name) has \(Self.values(count)), expected \(rectangle.shape[axis])", position: place)
    }
    return true
  }

  /// Takes numbers with a comma after them, and at most one space after the comma: nearly all of an array. Whatever comes next is the caller's.
  /// - Returns: how many.
  private mutating func run(into scalars: inout [Float]) -> Int {
    let before = scalars.count
    var position = position
    while let literal = DecimalLiteral(bytes, from: position, grammar: .json) {
      let end = position &+ literal.byteCount
      let value = literal.float
      guard end < bytes.count, bytes[end] == UInt8(ascii: ","), value.isFinite else { break }
      scalars.append(value)
      position = end &+ 1
      if position < bytes.count, bytes[position] == UInt8(ascii: " ") { position &+= 1 }
    }
    self.position = position
    return scalars.count - before
  }

  /// One number or missing entry, rounded once.
  @inline(__always)
  private mutating func entry(_ index: Int) throws(JSONError) -> Float {
    guard let literal = DecimalLiteral(bytes, from: position, grammar: .json) else {
      if accept("null") || accept("NaN") || accept("Infinity") || accept("-Infinity") { return .nan }
      path.append(.index(index))
      throw unexpected("a number or null")
    }
    let value = literal.float
    guard value.isFinite else {
      path.append(.index(index))
      throw malformed("a number beyond the range of float32", "at most 3.4028235e38")
    }
    position += literal.byteCount
    return value
  }

  private static func values(_ count: Int) -> String { count == 1 ? "1 value" : "\(count) values" }

  private mutating func ragged(_ index: Int, _ given: String, _ expected: String) -> JSONError {
    path.append(.index(index))
    return malformed(given, expected)
  }
}
