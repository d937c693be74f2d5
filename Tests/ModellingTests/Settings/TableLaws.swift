import Formats
import Foundation
import Modelling
import Testing

/// The laws that every table keeps.
struct TableLaws<Value: Settings> {
  /// The settings that have no default.
  var needed: [String: JSONValue] = [:]
  /// Settings of which a value within its bounds may not go with the others.
  var dependent: Set<String> = []

  func hold() throws {
    try defaults()
    try roundTrip()
    try strangers()
    try ends()
    try agreement()
  }

  private func decode(_ members: [String: JSONValue]) throws -> Value {
    let all = needed.merging(members) { $1 }
    let value = try StrictJSON.decode(Value.self, from: .object(all.map { JSONValue.Member(name: $0.key, value: $0.value) }))
    try value.validate()
    return value
  }

  private func encoded(_ value: Value) throws -> JSONValue { try JSONValue(parsing: Array(JSONEncoder().encode(value))).sorted }

  /// Nothing given, null and the default that is documented are the same.
  private func defaults() throws {
    let bare = try decode([:])
    if needed.isEmpty { #expect(bare == Value()) }
    for field in Value.table.fields where !field.isRequired {
      #expect(try decode([field.name: .null]) == bare, "\(field.name)")
      #expect(try decode([field.name: field.default]) == bare, "\(field.name)")
      #expect(!field.summary.isEmpty && field.summary.hasSuffix("."), "\(field.name)")
    }
    #expect(Set(Value.table.fields.map(\.name)).count == Value.table.fields.count)
  }

  private func roundTrip() throws {
    let bare = try decode([:])
    let json = try encoded(bare)
    #expect(try StrictJSON.decode(Value.self, from: json) == bare)
    #expect(try encoded(StrictJSON.decode(Value.self, from: json)) == json)
  }

  private func strangers() throws {
    for field in Value.table.fields {
      let name = field.name + "x"
      guard Value.table[name] == nil else { continue }
      let error = #expect(throws: JSONError.self) { try decode([name: .integer(1)]) }
      #expect(error?.reason == .unknownField && error?.field == name)
    }
  }

  /// Both ends of every interval are the last numbers that are taken.
  private func ends() throws {
    for field in Value.table.fields {
      for (value, isInside) in edges(of: field.schema) {
        do {
          _ = try decode([field.name: value])
          #expect(isInside, "\(field.name): \(value)")
        } catch {
          #expect(!isInside || dependent.contains(field.name), "\(field.name): \(error)")
        }
      }
    }
  }

  private func edges(of schema: Schema) -> [(JSONValue, Bool)] {
    func around(_ number: JSONValue?, inside: Bool, outwards: Double) -> [(JSONValue, Bool)] {
      switch number {
      case .integer(let n): [(.integer(n), inside), (.integer(n &+ Int(outwards)), false)].filter { abs(n) < Int.max || $0.1 }
      case .number(let x): [(.number(x), inside), (.number(x + outwards * max(abs(x), 1e-3) * 1e-3), false)]
      default: []
      }
    }
    return switch schema {
    case .integer(let bounds), .number(let bounds):
      around(bounds.minimum, inside: true, outwards: -1) + around(bounds.maximum, inside: true, outwards: 1)
        + around(bounds.above, inside: false, outwards: -1) + around(bounds.below, inside: false, outwards: 1)
    case .list(let element, let lengths):
      edges(of: element).map { (.array([JSONValue](repeating: $0, count: max(1, lengths?.lowerBound ?? 1))), $1) }
    case .boolean, .text, .map, .object, .any: []
    }
  }

  /// Decoding takes what the JSON Schema takes, on values of all kinds; where it refuses more, settings don't fit each other.
  private func agreement() throws {
    let pool: [JSONValue] = [
      .bool(true), .integer(-1), .integer(0), .integer(1), .integer(3), .integer(70_000), .number(0.5), .number(-0.25), .number(1e12),
      .string("relu"), .string("none"), .string(""), .array([]), .array([.integer(1)]), .array([.integer(0), .integer(2)]), .array([.number(0.5)]),
      .array([.string("a")]), .object([]), .object([.init(name: "a", value: .integer(1))]),
    ]
    let schema = Value.table.schema.json
    for field in Value.table.fields where !field.schema.isOpaque {
      for value in pool {
        var members = needed
        members[field.name] = value
        let isTaken = JSONSchemaOracle.accepts(.object(members.map { .init(name: $0.key, value: $0.value) }), schema)
        do {
          _ = try decode([field.name: value])
          #expect(isTaken, "\(field.name): \(value)")
        } catch {
          #expect(!isTaken || dependent.contains(field.name), "\(field.name): \(error)")
        }
      }
    }
  }
}

/// As much of JSON Schema (draft 2020-12) as tables make use of, written from its specification.
enum JSONSchemaOracle {
  static func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    guard case .string(let type) = schema["type"] else { return true }
    switch (type, value) {
    case ("boolean", .bool): return true
    case ("string", .string):
      guard case .array(let choices) = schema["enum"] else { return true }
      return choices.contains(value)
    case ("integer", .integer(let n)): return isInside(Double(n), schema)
    case ("integer", .number(let x)): return x == x.rounded() && isInside(x, schema)
    case ("number", .integer(let n)): return isInside(Double(n), schema)
    case ("number", .number(let x)): return isInside(x, schema)
    case ("array", .array(let elements)):
      let (least, most) = (number(schema["minItems"]) ?? 0, number(schema["maxItems"]) ?? .infinity)
      return (least...most).contains(Double(elements.count)) && elements.allSatisfy { accepts($0, schema["items"] ?? .object([])) }
    case ("object", .object(let members)):
      guard let properties = schema["properties"] else { return members.allSatisfy { accepts($0.value, schema["additionalProperties"] ?? .null) } }
      if case .array(let required) = schema["required"] {
        for case .string(let name) in required where value[name] == nil { return false }
      }
      return members.allSatisfy { member in properties[member.name].map { accepts(member.value, $0) } ?? false }
    default: return false
    }
  }

  private static func isInside(_ x: Double, _ schema: JSONValue) -> Bool {
    ((number(schema["minimum"]) ?? -.infinity)...(number(schema["maximum"]) ?? .infinity)).contains(x)
      && x > number(schema["exclusiveMinimum"]) ?? -.infinity && x < number(schema["exclusiveMaximum"]) ?? .infinity
  }

  private static func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let n): Double(n)
    case .number(let x): x
    default: nil
    }
  }
}

extension Schema {
  /// Whether there is something that JSON Schema does not say of it.
  fileprivate var isOpaque: Bool { self == .any }
}
