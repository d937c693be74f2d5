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
    let ledger = JSONLedger()
    let value: Value
    do {
      value = try JSONValueDecoder(document, path: [], ledger: ledger).decode(type)
    } catch let error as JSONError {
      throw error
    } catch let error as DecodingError {
      throw JSONError(error, in: document)
    } catch {
      throw JSONError(.mismatch, field: "", given: document.summary, expected: "a valid \(type)", detail: "\(error)")
    }
    try ledger.refuseUnknownFields(in: document)
    return value
  }
}

extension JSONError {
  /// Errors that a type's own initialiser throws; the decoder itself throws `JSONError`.
  init(_ error: DecodingError, in document: JSONValue) {
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
    let given = document.value(at: path)?.summary ?? "nothing"
    self.init(
      .mismatch, field: field, given: given, expected: expected,
      detail: "\(field.isEmpty ? "the document" : field) is \(given): \(context.debugDescription)")
  }
}

/// Which fields the decoded types have asked for, by object.
final class JSONLedger {
  private var asked: [[JSONPath.Component]: Set<String>] = [:]

  func open(_ path: [JSONPath.Component]) { asked[path, default: []].formUnion([]) }
  func ask(_ name: String, at path: [JSONPath.Component]) { asked[path, default: []].insert(name) }

  /// A given name at `path` that nobody has asked for and that looks like `name`.
  func misspelling(of name: String, in members: [JSONValue.Member], at path: [JSONPath.Component]) -> String? {
    let known = asked[path, default: []]
    return EditDistance.closest(to: name, among: members.lazy.map(\.name).filter { !known.contains($0) })
  }

  func refuseUnknownFields(in value: JSONValue, at path: [JSONPath.Component] = []) throws(JSONError) {
    switch value {
    case .null, .bool, .integer, .number, .string, .numbers: return
    case .array(let values):
      // A value below which no object was opened has nothing to refuse; long plain arrays end here.
      for (index, value) in values.enumerated() { try refuseUnknownFields(in: value, at: path + [.index(index)]) }
    case .object(let members):
      guard let known = asked[path] else { return }
      for member in members {
        let inner = path + [.name(member.name)]
        guard known.contains(member.name) || member.value == .null else {
          let field = JSONPath.text(inner)
          let names = known.isEmpty ? "no field at all" : "one of \(known.sorted().joined(separator: ", "))"
          let suggestion = EditDistance.closest(to: member.name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
          throw JSONError(
            .unknownField, field: field, given: "\"\(member.name)\"", expected: names,
            detail: "\(field) is not a known field, expected \(names)\(suggestion)")
        }
        try refuseUnknownFields(in: member.value, at: inner)
      }
    }
  }
}
