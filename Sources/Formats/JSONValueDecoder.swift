/// Lets a type decode itself from a `JSONValue`, noting in the ledger what it asks for.
struct JSONValueDecoder: Decoder {
  let value: JSONValue
  let path: [any CodingKey]
  let ledger: JSONLedger

  init(_ value: JSONValue, path: [any CodingKey], ledger: JSONLedger) {
    self.value = value
    self.path = path
    self.ledger = ledger
  }

  var codingPath: [any CodingKey] { path }
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  var components: [JSONPath.Component] { path.map(JSONPath.Component.init) }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = value else { throw mismatch("an object") }
    return KeyedDecodingContainer(JSONKeyedContainer(members: members, decoder: self, names: ledger.open(components)))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    switch value {
    case .array(let values): JSONUnkeyedContainer(count: values.count, decoder: self) { values[$0] }
    case .numbers(let array) where !array.shape.isEmpty: JSONUnkeyedContainer(count: array.shape[0], decoder: self) { array[$0] }
    case .null, .bool, .integer, .number, .string, .object, .numbers: throw mismatch("an array")
    }
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  func mismatch(_ expected: String) -> JSONError {
    JSONError(.mismatch, field: JSONPath.text(components), given: value.summary, expected: expected)
  }

  func inner(_ value: JSONValue, _ key: any CodingKey) -> JSONValueDecoder { JSONValueDecoder(value, path: path + [key], ledger: ledger) }
}

// MARK: - Scalars

extension JSONValueDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let value) = value else { throw mismatch("true or false") }
    return value
  }

  func decode(_ type: String.Type) throws -> String {
    guard case .string(let value) = value else { throw mismatch("a string") }
    return value
  }

  func decode(_ type: Double.Type) throws -> Double {
    switch value {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object, .numbers: throw mismatch("a number")
    }
  }

  func decode(_ type: Float.Type) throws -> Float {
    let value = Float(try decode(Double.self))
    guard value.isFinite else { throw mismatch("a number within the range of float32") }
    return value
  }

  func decode(_ type: Int.Type) throws -> Int { try integer() }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    do {
      return try T(from: self)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.count == path.count {
      // A raw-valued enum says only that the text is wrong; here all right ones are known.
      guard let allowed = (type as? any CaseIterable.Type)?.rawTexts, !allowed.isEmpty else { throw DecodingError.dataCorrupted(context) }
      throw mismatch("one of \(allowed.joined(separator: ", "))")
    }
  }

  /// Also accepts 3.0 and 1e3, which JSON does not distinguish from whole numbers, as far as doubles hold them exactly.
  private func integer<T: FixedWidthInteger>() throws -> T {
    let exact: T? =
      switch value {
      case .integer(let value): T(exactly: value)
      case .number(let value) where value.magnitude <= 0x1p53: T(exactly: value)
      case .null, .bool, .number, .string, .array, .object, .numbers: nil
      }
    guard let exact else { throw mismatch("a whole number from \(T.min) to \(T.max)") }
    return exact
  }
}

extension CaseIterable {
  fileprivate static var rawTexts: [String] {
    allCases.compactMap { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } }
  }
}

extension NumberArray: Decodable {
  /// Decodes only through `StrictJSON`, from a field that is named among its numeric ones.
  package init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? JSONValueDecoder else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "arrays of numbers are read by StrictJSON only"))
    }
    if case .numbers(let array) = decoder.value {
      self = array
      return
    }
    let (path, culprit) = decoder.value.firstNonNumber(below: decoder.components)
    throw JSONError(
      .mismatch, field: JSONPath.text(path), given: culprit.summary, expected: path == decoder.components ? "an array of numbers" : "a number")
  }
}

// MARK: - Paths

/// A place in an object or an array.
struct JSONKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    self.intValue = nil
  }

  init(intValue: Int) {
    self.stringValue = "\(intValue)"
    self.intValue = intValue
  }
}

extension JSONPath.Component {
  /// Keys of other types always name members, even when they have an integer value.
  init(_ key: any CodingKey) {
    if let index = (key as? JSONKey)?.intValue { self = .index(index) } else { self = .name(key.stringValue) }
  }
}

extension JSONValue {
  func value(at path: some Sequence<JSONPath.Component>) -> JSONValue? {
    var value = self
    for component in path {
      switch (component, value) {
      case (.name(let name), .object):
        guard let member = value[name] else { return nil }
        value = member
      case (.index(let index), .array(let values)) where values.indices.contains(index): value = values[index]
      case (.index(let index), .numbers(let array)) where !array.shape.isEmpty && (0..<array.shape[0]).contains(index): value = array[index]
      default: return nil
      }
    }
    return value
  }

  /// The first entry that makes this no array of numbers: itself, unless it is an array.
  func firstNonNumber(below path: [JSONPath.Component]) -> (path: [JSONPath.Component], value: JSONValue) {
    guard case .array(let values) = self else { return (path, self) }
    for (index, value) in values.enumerated() {
      switch value {
      case .null, .integer, .number, .numbers: continue
      case .array:
        let found = value.firstNonNumber(below: path + [.index(index)])
        if case .array = found.value { continue }
        return found
      case .bool, .string, .object: return (path + [.index(index)], value)
      }
    }
    return (path, self)
  }
}
