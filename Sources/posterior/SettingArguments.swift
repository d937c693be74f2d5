import ArgumentParser
import Formats
import Modelling
import Service

/// Flags made from a table of settings; what one says is read as the query parameter of the same name would be.
///
/// A truth has a flag for either side, and a list may be said in several flags.
struct SettingArguments<Values: Settings>: ParsableArguments, CustomReflectable {
  private enum Flags {
    case text(Option<String?>)
    case list(Option<[String]>)
    case truth(Flag<Bool?>)
  }
  private var flags: [(field: SettingField, flags: Flags)]

  init() { flags = Values.table.fields.map { ($0, Self.definition($0)) } }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: SettingKey.self)
    flags = try Values.table.fields.map { field in
      let key = SettingKey(stringValue: field.name)
      return switch Self.definition(field) {
      case .text: (field, .text(try values.decode(Option<String?>.self, forKey: key)))
      case .list: (field, .list(try values.decode(Option<[String]>.self, forKey: key)))
      case .truth: (field, .truth(try values.decode(Flag<Bool?>.self, forKey: key)))
      }
    }
  }

  var customMirror: Mirror {
    Mirror(
      self,
      children: flags.map { field, flags -> Mirror.Child in
        switch flags {
        case .text(let option): return (field.name, option)
        case .list(let option): return (field.name, option)
        case .truth(let flag): return (field.name, flag)
        }
      }, displayStyle: .struct)
  }

  private static func definition(_ field: SettingField) -> Flags {
    let name = NameSpecification.customLong(String(field.flag.dropFirst(2)))
    let help = ArgumentHelp(field.help)
    return switch field.schema {
    case .boolean: .truth(Flag(name: name, inversion: .prefixedNo, help: help))
    case .list: .list(Option(wrappedValue: [], name: name, help: help))
    case .integer, .number, .text, .map, .object, .any: .text(Option(name: name, help: help))
    }
  }

  /// What was said, in the order of the table.
  var given: [SentRequest.Option] {
    flags.compactMap { field, flags in
      let text: String? =
        switch flags {
        case .text(let option): option.wrappedValue
        case .list(let option): Self.joined(option.wrappedValue, field.schema)
        case .truth(let flag): flag.wrappedValue.map { "\($0)" }
        }
      return text.map { SentRequest.Option(name: field.name, value: $0) }
    }
  }

  /// Several lists as the text of one.
  private static func joined(_ texts: [String], _ schema: Schema) -> String? {
    guard texts.count > 1 else { return texts.first }
    let elements = texts.flatMap { text -> [JSONValue] in if case .array(let elements) = schema.value(of: text) { elements } else { [.string(text)] }
    }
    return JSONValue.array(elements).line
  }

  /// The text of one flag; nil where it was not said.
  subscript(name: String) -> String? { given.first { $0.name == name }?.value }

  /// What was said, as the members of a JSON object.
  var members: [JSONValue.Member] {
    given.map { option in
      JSONValue.Member(name: option.name, value: Values.table[option.name]?.schema.value(of: option.value) ?? .string(option.value))
    }
  }

  /// Through the JSON that a request has, so that both are read and refused alike.
  ///
  /// - Parameter others: members that hold where no flag says otherwise.
  func values(over others: [JSONValue.Member] = []) throws -> Values {
    let own = members
    let values = try StrictJSON.decode(
      Values.self, from: .object(others.filter { other in !own.contains { $0.name == other.name } } + own))
    try values.validate()
    return values
  }
}

extension SettingField {
  /// The summary with the values and the default where they are known, as the parser's own options have them.
  fileprivate var help: String {
    var notes: [String] = []
    if case .text(let choices?) = schema { notes.append("values: \(choices.joined(separator: ", "))") }
    switch `default` {
    case .null, .bool(false), .object([]), .array([]): break
    case .string(let text): notes.append("default: \(text)")
    default: notes.append("default: \(`default`.line)")
    }
    return notes.isEmpty ? summary : "\(summary) (\(notes.joined(separator: "; ")))"
  }
}
