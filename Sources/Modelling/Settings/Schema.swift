package import Formats

/// What JSON a value may be; checks, messages, flags and documents are of the same one.
package indirect enum Schema: Hashable, Sendable {
  case boolean
  case integer(Bounds)
  case number(Bounds)
  /// One of the choices, or any where there are none.
  case text(choices: [String]?)
  case list(Schema, lengths: ClosedRange<Int>? = nil)
  /// Values of one kind by any name.
  case map(Schema)
  case object([SettingField])
  /// Whatever another part of the program reads.
  case any

  /// In JSON Schema (draft 2020-12).
  package var json: JSONValue {
    func typed(_ type: String, _ others: KeyValuePairs<String, JSONValue?>) -> JSONValue {
      guard case .object(let members) = JSONValue.record(others) else { return .null }
      return .object([.init(name: "type", value: .string(type))] + members)
    }
    func number(_ type: String, _ bounds: Bounds) -> JSONValue {
      typed(
        type, ["minimum": bounds.minimum, "exclusiveMinimum": bounds.above, "maximum": bounds.maximum, "exclusiveMaximum": bounds.below])
    }
    return switch self {
    case .boolean: typed("boolean", [:])
    case .integer(let bounds): number("integer", bounds)
    case .number(let bounds): number("number", bounds)
    case .text(let choices): typed("string", ["enum": choices.map(JSONValue.strings)])
    case .list(let element, let lengths):
      typed(
        "array",
        [
          "items": element.json, "minItems": lengths.flatMap { $0.lowerBound > 0 ? .integer($0.lowerBound) : nil },
          "maxItems": lengths.map { .integer($0.upperBound) },
        ])
    case .map(let value): typed("object", ["additionalProperties": value.json])
    case .object(let fields):
      typed(
        "object",
        [
          "properties": .object(fields.map { .init(name: $0.name, value: $0.json) }),
          "required": fields.contains(where: \.isRequired) ? .strings(fields.filter(\.isRequired).map(\.name)) : nil,
          "additionalProperties": .bool(false),
        ])
    case .any: .object([])
    }
  }

  /// The type as people write it: `integer`, `[integer]`, `relu | tanh`, `{channels, kernel}`.
  package var words: String {
    switch self {
    case .boolean: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .text(let choices): choices.map { $0.joined(separator: " | ") } ?? "string"
    case .list(let element, lengths: _): "[\(element.words)]"
    case .map(let value): "{name: \(value.words)}"
    case .object(let fields): "{\(fields.map(\.name).joined(separator: ", "))}"
    case .any: "object"
    }
  }

  /// A list of so many elements; all else is as it is.
  func limited(to lengths: ClosedRange<Int>?) -> Schema {
    if case .list(let element, lengths: _) = self, lengths != nil { .list(element, lengths: lengths) } else { self }
  }

  /// The value of a flag or query parameter: the first reading of the text that follows the schema; else the text, which decoding refuses by name.
  ///
  /// Lists are parted by commas, or JSON: `512,256` or `["a, b"]`. Objects are JSON.
  package func value(of text: String) -> JSONValue {
    switch self {
    case .boolean: ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
    case .integer: Int(text).map(JSONValue.integer) ?? .string(text)
    case .number: DecimalText.double(text).map(JSONValue.number) ?? .string(text)
    case .text: .string(text)
    case .list(let element, lengths: _): (text.hasPrefix("[") ? Self.json(text) : nil) ?? element.list(of: text)
    case .map, .object, .any: Self.json(text) ?? .string(text)
    }
  }

  private static func json(_ text: String) -> JSONValue? { try? JSONValue(parsing: Array(text.utf8)) }

  private func list(of text: String) -> JSONValue {
    .array(
      text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        // Numbers may have spaces around them.
        if case .text = self { value(of: String(part)) } else { value(of: part.filter { $0 != " " }) }
      })
  }
}
