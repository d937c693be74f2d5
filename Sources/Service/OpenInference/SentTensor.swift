internal import Formats

/// A named array as a client sent it, in JSON or behind it.
struct SentTensor: Sendable {
  enum Content: Sendable {
    /// Little-endian elements, row by row.
    case binary(ArraySlice<UInt8>)
    /// An array of numbers in JSON; NaN stands for null.
    case numbers([Float])
    /// Any other array in JSON, row by row.
    case values([JSONValue])
  }

  let name: String
  let type: TensorType
  let shape: [Int]
  let content: Content
  /// Where it stands in the request.
  let field: String

  var count: Int { shape.reduce(1, *) }

  /// Its little-endian float32 elements as they were sent; nil where they have to be made.
  var floatBytes: ArraySlice<UInt8>? { if case .binary(let bytes) = content, type == .fp32 { bytes } else { nil } }

  func floats() throws(Problem) -> [Float] {
    switch content {
    case .numbers(let numbers):
      for number in numbers where !number.isNaN { try check(Double(number)) }
      return numbers
    case .binary(let bytes) where type != .bytes: return type.numbers(bytes, as: Float.self)
    case .binary, .values: return try doubles().map { Float($0) }
    }
  }

  /// NaN for what is missing.
  func doubles() throws(Problem) -> [Double] {
    guard type != .bytes else { throw refusal("BYTES", "numbers") }
    switch content {
    case .binary(let bytes): return type.numbers(bytes, as: Double.self)
    case .numbers(let numbers): return try floatsAsDoubles(numbers)
    case .values(let values):
      var numbers: [Double] = []
      numbers.reserveCapacity(values.count)
      for value in values { numbers.append(try number(value)) }
      return numbers
    }
  }

  /// nil for what is missing, which JSON alone can say.
  func texts() throws(Problem) -> [String?] {
    guard type == .bytes else { throw refusal(type.rawValue, "BYTES") }
    switch content {
    case .binary(let bytes): return try texts(in: bytes)
    case .numbers(let numbers) where numbers.isEmpty: return []
    case .numbers: throw refusal("numbers", "texts")
    case .values(let values):
      var texts: [String?] = []
      for value in values {
        switch value {
        case .string(let text): texts.append(text)
        case .null: texts.append(nil)
        default: throw refusal(String(decoding: value.text.prefix(40), as: UTF8.self), "texts")
        }
      }
      return texts
    }
  }

  private func texts(in bytes: ArraySlice<UInt8>) throws(Problem) -> [String?] {
    var (rest, texts) = (bytes, [String?]())
    while !rest.isEmpty {
      guard rest.count >= 4 else { throw refusal("\(rest.count) bytes after the last text", "the length of a text in 4 bytes, then its bytes") }
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard length <= rest.count else { throw refusal("a text of \(length) bytes", "at most the \(rest.count) that are left of it") }
      guard let text = String(validating: rest.prefix(length), as: UTF8.self) else { throw refusal("a text that is not UTF-8", "UTF-8") }
      texts.append(text)
      rest = rest.dropFirst(length)
    }
    guard texts.count == count else { throw refusal("\(texts.count) texts", "\(count), as its shape says") }
    return texts
  }

  private func floatsAsDoubles(_ numbers: [Float]) throws(Problem) -> [Double] {
    for number in numbers where !number.isNaN { try check(Double(number)) }
    return numbers.map(Double.init)
  }

  private func number(_ value: JSONValue) throws(Problem) -> Double {
    let number: Double
    switch value {
    case .null: return .nan
    case .bool(let truth) where type == .bool: return truth ? 1 : 0
    case .integer(let whole): number = Double(whole)
    case .number(let double): number = double
    default: throw refusal(String(decoding: value.text.prefix(40), as: UTF8.self), type == .bool ? "true or false" : "numbers")
    }
    try check(number)
    return number
  }

  /// Refuses what its type does not hold.
  private func check(_ number: Double) throws(Problem) {
    guard let whole = type.wholeNumbers else { return }
    guard number == number.rounded(), whole.contains(number) else { throw refusal("\(number)", "elements of type \(type.rawValue)") }
  }

  func refusal(_ given: String, _ expected: String) -> Problem {
    Problem(.malformed, "\(field) (\"\(name.prefix(60))\") has \(given), expected \(expected).", field: field, given: given, expected: expected)
  }
}
