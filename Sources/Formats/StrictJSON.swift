/// Decodes values from JSON and refuses what they don't know.
///
/// A field counts as known once the value's initialiser has asked for it, found or not; so optional fields that are absent are known, and a field
/// that nothing asked for is an error which names the nearest known one. Fields whose value is `null` may be there in any case.
/// Foundation's types have no special forms here: dates, URLs and data are what they themselves decode from.
package enum StrictJSON {
  /// - Parameter numericFields: see `JSONValue.init(parsing:numericFields:limits:)`; each property of type `NumberArray` needs its name among them.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], numericFields: Set<String> = [], limits: JSONLimits = .default
  ) throws(JSONError) -> Value {
    try decode(type, from: JSONValue(parsing: bytes, numericFields: numericFields, limits: limits))
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from document: JSONValue) throws(JSONError) -> Value {
    try decode(type, from: document, at: [])
  }

  /// - Parameter path: where the value stands in its document, as errors tell it.
  static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue, at path: [any CodingKey]) throws(JSONError) -> Value {
    let ledger = JSONLedger()
    let decoder = JSONValueDecoder(value, path: path, ledger: ledger)
    let decoded: Value
    do {
      decoded = try decoder.decode(type)
    } catch let error as JSONError {
      throw error
    } catch let error as DecodingError {
      throw JSONError(error, in: value, at: path)
    } catch {
      throw JSONError(
        .mismatch, field: JSONPath.text(decoder.components), given: value.summary, expected: "a valid \(type)", detail: "\(error)")
    }
    if value.isContainer { try ledger.refuseUnknownFields(in: value, at: decoder.components) }
    return decoded
  }
}

extension JSONError {
  /// Errors that a type's own initialiser throws; the decoder itself throws `JSONError`.
  init(_ error: DecodingError, in value: JSONValue, at place: [any CodingKey]) {
    let (context, expected): (DecodingError.Context, String) =
      switch error {
      case .typeMismatch(let type, let context): (context, "a value that \(type) can be read from")
      case .valueNotFound(let type, let context): (context, "a value that \(type) can be read from")
      case .keyNotFound(let key, let context): (context, "a field \"\(key.stringValue)\"")
      case .dataCorrupted(let context): (context, "a valid value")
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: "\(error)"), "a valid value")
      }
    let path = context.codingPath.map(JSONPath.Component.init)
    let field = JSONPath.text(path)
    let given = value.value(at: path.dropFirst(place.count))?.summary ?? "nothing"
    self.init(
      .mismatch, field: field, given: given, expected: expected,
      detail: "\(field.isEmpty ? "the document" : field) is \(given): \(context.debugDescription)")
  }
}
