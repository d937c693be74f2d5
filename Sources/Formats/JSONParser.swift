/// A recursive-descent parser of RFC 8259 over bytes in memory; the only one in this module.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let numericFields: Set<String>
  let limits: JSONLimits
  let takesNonFinite: Bool
  var position = 0
  var path: [JSONPath.Component] = []
  private var values = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, numericFields: Set<String>, limits: JSONLimits, takesNonFinite: Bool = false) {
    self.bytes = bytes
    self.takesNonFinite = takesNonFinite
    self.numericFields = numericFields
    self.limits = limits
  }

  mutating func document() throws(JSONError) -> JSONValue {
    guard bytes.count <= limits.bytes else { throw tooLarge("a document of \(bytes.count) bytes", "at most \(limits.bytes)") }
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw unexpected("the end of the document") }
    return value
  }

  /// The next byte; 0 at the end, which no token begins with.
  @inline(__always)
  var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  @inline(__always)
  mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position &+= 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    values += 1
    guard values <= limits.values else { throw tooLarge("more than \(limits.values) values", "at most that many") }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where accept("true"): return .bool(true)
    case UInt8(ascii: "f") where accept("false"): return .bool(false)
    case UInt8(ascii: "n") where accept("null"): return .null
    case UInt8(ascii: "N") where takesNonFinite && accept("NaN"): return .null
    case UInt8(ascii: "I") where takesNonFinite && accept("Infinity"): return .number(.infinity)
    case UInt8(ascii: "-") where takesNonFinite && accept("-Infinity"): return .number(-.infinity)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw unexpected("a value")
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    guard let literal = DecimalLiteral(bytes, from: position, grammar: .json) else { throw unexpected("a number") }
    if let integer = literal.integer {
      position += literal.byteCount
      return .integer(integer)
    }
    let value = literal.double
    guard value.isFinite else { throw malformed("a number beyond the range of 64-bit floating point", "at most 1.8e308") }
    position += literal.byteCount
    return .number(value)
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth: depth)
    var values: [JSONValue] = []
    skipSpace()
    if accept("]") { return .array(values) }
    while true {
      path.append(.index(values.count))
      skipSpace()
      values.append(try value(depth: depth))
      path.removeLast()
      skipSpace()
      if accept("]") { return .array(values) }
      guard accept(",") else { throw unexpected("',' or ']'") }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    try enter(depth: depth)
    var members: [JSONValue.Member] = []
    // Filled once the members are too many to be looked through.
    var names: Set<String> = []
    skipSpace()
    if accept("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw unexpected("a name in double quotes") }
      let start = position
      let name = try string()
      path.append(.name(name))
      if members.count == 16 { names = Set(members.map(\.name)) }
      guard members.count < 16 ? !members.contains(where: { $0.name == name }) : names.insert(name).inserted else {
        position = start
        throw malformed("there twice", "every name once")
      }
      skipSpace()
      guard accept(":") else { throw unexpected("':'") }
      skipSpace()
      if numericFields.contains(name), next == UInt8(ascii: "["), let numbers = try numbers(depth: depth + 1) {
        members.append(.init(name: name, value: .numbers(numbers)))
      } else {
        members.append(.init(name: name, value: try value(depth: depth)))
      }
      path.removeLast()
      skipSpace()
      if accept("}") { return .object(members) }
      guard accept(",") else { throw unexpected("',' or '}'") }
    }
  }

  private mutating func enter(depth: Int) throws(JSONError) {
    guard depth <= limits.depth else { throw tooLarge("more than \(limits.depth) levels deep", "at most that") }
    position += 1
  }

  /// Moves past `token` if it comes next.
  @inline(__always)
  mutating func accept(_ token: StaticString) -> Bool {
    let count = token.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for index in 0..<count where bytes[position + index] != token.utf8Start[index] { return false }
    position += count
    return true
  }
}

// MARK: - Errors

extension JSONParser {
  func unexpected(_ expected: String) -> JSONError {
    guard position < bytes.count else { return failure(.malformed, "cut off by the end of the text", expected) }
    let byte = bytes[position]
    let shown = (0x21..<0x7F).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16))"
    return failure(.malformed, shown, expected)
  }

  func malformed(_ given: String, _ expected: String) -> JSONError { failure(.malformed, given, expected) }
  func tooLarge(_ given: String, _ expected: String) -> JSONError { failure(.tooLarge, given, expected) }

  private func failure(_ reason: JSONError.Reason, _ given: String, _ expected: String) -> JSONError {
    JSONError(reason, field: JSONPath.text(path), given: given, expected: expected, position: place)
  }

  /// Where the parser is, counted only once something is wrong.
  var place: JSONError.Position {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return JSONError.Position(offset: before.count, line: line, column: before.count - lineStart + 1)
  }
}
