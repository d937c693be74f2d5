import Families
import Formats
import Learning
import Modelling
import Optimisation
import Robustness
import Service
import Testing

/// The contract says of every setting what its table says.
@Suite("openapi.yaml and the tables of settings")
struct ContractTests {
  private let contract: JSONValue

  init() throws { contract = try YAML.parse(String(decoding: EmbeddedResource.contract, as: UTF8.self)) }

  private func at(_ path: String...) throws -> JSONValue {
    try path.reduce(contract) { value, name in try #require(value[name], "\(path)") }
  }

  /// What a reference stands for, its neighbours kept.
  private func resolved(_ schema: JSONValue) throws -> JSONValue {
    guard case .string(let reference)? = schema["$ref"] else { return schema }
    return try reference.split(separator: "/").dropFirst().reduce(contract) { value, name in try #require(value[String(name)], "\(reference)") }
  }

  /// The properties of a schema, of all its parts together.
  private func properties(_ name: String) throws -> [String: JSONValue] {
    let schema = try at("components", "schemas", name)
    var parts = [schema]
    if case .array(let all)? = schema["allOf"] { parts = try all.map(resolved) }
    var found: [String: JSONValue] = [:]
    for case .object(let members)? in parts.map({ $0["properties"] }) { for member in members { found[member.name] = try resolved(member.value) } }
    return found
  }

  /// Types, choices, bounds and defaults; the contract may bound lists more closely and say that something may be null.
  private func compare(_ field: SettingField, _ schema: JSONValue, _ place: String) throws {
    let own = field.schema.json
    var type = schema["type"]
    if case .array(let types)? = type { type = types.first { $0 != .string("null") } }
    if own["type"] != nil { #expect(type == own["type"], "\(place)") }
    for name in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
      // 2^63 - 1 is the largest of all integers.
      if name == "maximum", schema[name] == .integer(.max) { continue }
      #expect(number(schema[name]) == number(own[name]), "\(place): \(name)")
    }
    if case .array(let choices)? = own["enum"] {
      guard case .array(let described)? = schema["enum"] else {
        Issue.record("\(place) has no choices")
        return
      }
      #expect(Set(described.compactMap(\.string)) == Set(choices.compactMap(\.string)), "\(place)")
    }
    if case .list(let element, _) = field.schema, let items = schema["items"] {
      try compare(SettingField(name: field.name, schema: element, isRequired: true, summary: field.summary), resolved(items), "\(place)[]")
    }
    if case .object(let fields) = field.schema, case .object(let members)? = schema["properties"] {
      #expect(Set(fields.map(\.name)) == Set(members.map(\.name)), "\(place)")
      for inner in fields { try compare(inner, resolved(schema["properties"]?[inner.name] ?? .null), "\(place).\(inner.name)") }
    }
    guard !field.isRequired else { return }
    switch field.default {
    case .null, .object: #expect(schema["default"] == nil, "\(place)")
    default: #expect(schema["default"].map(plain) == plain(field.default), "\(place): default")
    }
  }

  private func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .integer(let n): Double(n)
    case .number(let x): x
    default: nil
    }
  }

  private func plain(_ value: JSONValue) -> JSONValue { number(value).map(JSONValue.number) ?? value }

  private static let items: Set<String> = ["inputs", "rows", "texts", "layers"]

  @Test("every field of every request, and no other, is in the contract with its type, choices, bounds and default", arguments: RequestKind.all)
  func requests(_ kind: RequestKind) throws {
    let described = try properties("\(kind.name.prefix(1).uppercased() + kind.name.dropFirst())Request")
    #expect(Set(described.keys).subtracting(Self.items) == Set(kind.fields.map(\.name) + ["record"]))
    for field in kind.fields { try compare(field, #require(described[field.name]), "\(kind.name).\(field.name)") }
  }

  @Test("the query parameters of every request are its fields", arguments: RequestKind.all)
  func queries(_ kind: RequestKind) throws {
    guard case .array(let parameters) = try at("paths", "/v1/models/{model}/\(kind.name)", "post", "parameters") else {
      Issue.record("no parameters")
      return
    }
    var described: [String: JSONValue] = [:]
    for parameter in try parameters.map(resolved) where parameter["in"] == .string("query") {
      if parameter["explode"] == .bool(true), case .object(let members)? = try resolved(parameter["schema"] ?? .null)["properties"] {
        for member in members { described[member.name] = try resolved(member.value) }
        continue
      }
      let schema = try #require(parameter["schema"])
      // An object is JSON text.
      described[try #require(parameter["name"]?.string)] = try resolved(schema["contentSchema"] ?? schema)
    }
    let reading = TableOptions.table.fields
    #expect(Set(described.keys) == Set(kind.fields.map(\.name) + ["record"] + reading.map(\.name)))
    // No option has the name of one of the other kind.
    #expect(described.count == kind.fields.count + 1 + reading.count)
    for field in kind.fields + reading {
      // Names parted by commas are one text.
      if case .list = field.schema { continue }
      try compare(field, #require(described[field.name]), "\(kind.name)?\(field.name)")
    }
  }

  @Test("what can be set where streams are written and read is in the contract", arguments: BitsOperation.allCases)
  func streams(_ operation: BitsOperation) throws {
    guard case .array(let parameters) = try at("paths", "/v1/models/{model}/\(operation.name)", "post", "parameters") else {
      Issue.record("no parameters")
      return
    }
    let own = try parameters.map(resolved).filter { $0["in"] == .string("query") && $0["explode"] == nil }
    #expect(Set(own.compactMap { $0["name"]?.string }) == Set(operation.fields.map(\.name) + ["record"]))
    for field in operation.fields {
      let parameter = try #require(own.first { $0["name"]?.string == field.name })
      try compare(field, resolved(#require(parameter["schema"])), "\(operation.name)?\(field.name)")
    }
    guard operation == .compress else { return }
    let body = try properties("CompressRequest")
    #expect(Set(body.keys).subtracting(Self.items) == Set(operation.fields.map(\.name) + ["record"]))
    for field in operation.fields { try compare(field, #require(body[field.name]), "compress.\(field.name)") }
  }

  @Test("the settings of an audit and of its attack are in the contract")
  func audits() throws {
    let audit = try properties("RobustnessRequest")
    #expect(Set(audit.keys).subtracting(Self.items) == Set(AuditRequest.fields.map(\.name) + ["record"]))
    let attack = try properties("Attack")
    #expect(Set(attack.keys) == Set(AuditPlan.table.fields.map(\.name)))
    for field in AuditPlan.table.fields { try compare(field, #require(attack[field.name]), "attack.\(field.name)") }
  }

  @Test("estimates that are pooled, and the query beside a table of them")
  func pools() throws {
    try compare(PoolRequest.table.fields, at("components", "schemas", "PoolRequest"), "pool")
    guard case .array(let parameters) = try at("paths", "/v1/pool", "post", "parameters") else {
      Issue.record("no parameters")
      return
    }
    #expect(parameters.contains { $0["$ref"]?.string?.hasSuffix("/table_options") == true })
    let own = parameters.filter { $0["name"] != nil }
    let described = try own.map { JSONValue.Member(name: try #require($0["name"]?.string), value: try #require($0["schema"])) }
    try compare(PoolOptions.table.fields, .object([.init(name: "properties", value: .object(described))]), "pool?")
  }

  @Test("every field of a job")
  func jobs() throws {
    try compare(JobRequest.table.fields, at("components", "schemas", "JobRequest"), "job")
    try compare(JobRequest.Publish.table.fields, at("components", "schemas", "JobPublication"), "publish")
  }

  @Test("the configuration and the training options of every family", arguments: Catalogue.families.map { $0.name })
  func families(_ name: String) throws {
    let family = try #require(Catalogue.family(named: name))
    let title = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    try compare(family.configurationFields, at("components", "schemas", "\(title)Configuration"), name)
    if let options = family.trainable { try compare(options.trainingFields, at("components", "schemas", "\(title)Training"), name) }
  }

  @Test("every field of a recipe")
  func recipes() throws { try compare(Recipe.table.fields, at("components", "schemas", "Recipe"), "recipe") }

  /// The settings of a table and no other, each by its name.
  private func compare(_ fields: [SettingField], _ schema: JSONValue, _ place: String) throws {
    guard case .object(let members)? = schema["properties"] ?? (fields.isEmpty ? .object([]) : nil) else {
      Issue.record("\(place) has no properties")
      return
    }
    #expect(members.map(\.name).sorted() == fields.map(\.name).sorted(), "\(place)")
    for field in fields { try compare(field, resolved(schema["properties"]?[field.name] ?? .null), "\(place).\(field.name)") }
    let needed = fields.filter(\.isRequired).map(\.name)
    if case .array(let required)? = schema["required"] {
      #expect(Set(required.compactMap(\.string)) == Set(needed), "\(place)")
    } else {
      #expect(needed.isEmpty, "\(place)")
    }
  }
}
