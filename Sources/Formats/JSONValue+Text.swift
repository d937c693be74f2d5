extension JSONValue {
  /// The document without spaces; numeric arrays through `FloatText`, missing entries as null.
  package var text: [UInt8] {
    var text: [UInt8] = []
    append(to: &text)
    return text
  }

  package func append(to text: inout [UInt8]) {
    switch self {
    case .null: text.append(contentsOf: "null".utf8)
    case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): text.append(contentsOf: String(value).utf8)
    case .number(let value): text.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
    case .string(let value): Self.append(value, to: &text)
    case .array(let values):
      text.append(UInt8(ascii: "["))
      Self.append(values[...], to: &text)
      text.append(UInt8(ascii: "]"))
    case .object(let members):
      text.append(UInt8(ascii: "{"))
      Self.append(members[...], to: &text)
      text.append(UInt8(ascii: "}"))
    case .numbers(let array): FloatText.appendJSON(array.scalars, shape: array.shape, to: &text)
    }
  }

  /// Appends elements with commas between them.
  static func append(_ values: ArraySlice<JSONValue>, to text: inout [UInt8]) {
    for index in values.indices {
      if index > values.startIndex { text.append(UInt8(ascii: ",")) }
      values[index].append(to: &text)
    }
  }

  /// Appends members with commas between them.
  static func append(_ members: ArraySlice<Member>, to text: inout [UInt8]) {
    for index in members.indices {
      if index > members.startIndex { text.append(UInt8(ascii: ",")) }
      append(members[index].name, to: &text)
      text.append(UInt8(ascii: ":"))
      members[index].value.append(to: &text)
    }
  }

  /// Appends a string with its quotes; only quotes, backslashes and control characters are escaped (RFC 8259 section 7).
  package static func append(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      text.append(contentsOf: string.utf8)
      text.append(UInt8(ascii: "\""))
      return
    }
    let digits = Array("0123456789abcdef".utf8)
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case UInt8(ascii: "\n"): text.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\r"): text.append(contentsOf: "\\r".utf8)
      case UInt8(ascii: "\t"): text.append(contentsOf: "\\t".utf8)
      case 0..<0x20: text.append(contentsOf: Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}

extension JSONValue: Codable {
  /// A field that keeps its JSON as it is, to be decoded later; nothing in it is refused. Decodes only through `StrictJSON`.
  package init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? JSONValueDecoder else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "JSON values are read by StrictJSON only"))
    }
    self = decoder.value
  }

  package func encode(to encoder: any Encoder) throws {
    func single(_ value: some Encodable) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
    switch self {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let value): try single(value)
    case .integer(let value): try single(value)
    case .number(let value): try single(value)
    case .string(let value): try single(value)
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .object(let members):
      var container = encoder.container(keyedBy: JSONKey.self)
      for member in members { try container.encode(member.value, forKey: JSONKey(stringValue: member.name)) }
    case .numbers(let array) where array.shape.isEmpty: try single(array.scalars[0])
    case .numbers(let array):
      var container = encoder.unkeyedContainer()
      for index in 0..<array.shape[0] { try container.encode(array[index]) }
    }
  }
}
