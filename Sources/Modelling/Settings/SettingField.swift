package import Formats

/// What people and documents are told of a setting.
package struct SettingField: Hashable, Sendable {
  package let name: String
  package let schema: Schema
  /// Whether there is no default.
  package let isRequired: Bool
  /// What an absent setting, or null, stands for; null itself where nothing is said of that.
  package let `default`: JSONValue
  /// Whether rows of numbers depend on it.
  package let isOfRows: Bool
  /// What it is, in sentences.
  package let summary: String

  package init(name: String, schema: Schema, isRequired: Bool = false, default: JSONValue = .null, isOfRows: Bool = true, summary: String) {
    (self.name, self.schema, self.isRequired, self.default) = (name, schema, isRequired, `default`)
    (self.isOfRows, self.summary) = (isOfRows, summary)
  }

  /// `max_batch` is set by `--max-batch`.
  package var flag: String { "--" + name.map { $0 == "_" ? "-" : String($0) }.joined() }

  /// The default as JSON on one line; nil where there is none.
  package var defaultText: String? { isRequired ? nil : `default`.line }

  /// The JSON Schema of the setting in its object.
  package var json: JSONValue {
    guard case .object(var members) = schema.json else { return schema.json }
    if !isRequired { members.append(.init(name: "default", value: `default`)) }
    members.append(.init(name: "description", value: .string(summary)))
    return .object(members)
  }

  func with(default value: JSONValue) -> SettingField {
    SettingField(name: name, schema: schema, isRequired: isRequired, default: value, isOfRows: isOfRows, summary: summary)
  }
}
