import ArgumentParser
import Formats
import Modelling
import Service

/// Flags made from a table of settings; what one says is read as the query parameter of the same name would be.
///
/// A truth that is false by default is a flag; one that is true, or that has no default, has a flag for either side.
struct SettingArguments<Values: Settings>: ParsableArguments, CustomReflectable {
  private enum Flags {
    case text(Option<String?>)
    case truth(Flag<Bool>)
    case either(Flag<Bool?>)
  }
  private var flags: [(field: SettingField, flags: Flags)]

  init() { flags = Values.table.fields.map { ($0, Self.definition($0)) } }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: SettingKey.self)
    flags = try Values.table.fields.map { field in
      let key = SettingKey(stringValue: field.name)
      return switch Self.definition(field) {
      case .text: (field, .text(try values.decode(Option<String?>.self, forKey: key)))
      case .truth: (field, .truth(try values.decode(Flag<Bool>.self, forKey: key)))
      case .either: (field, .either(try values.decode(Flag<Bool?>.self, forKey: key)))
      }
    }
  }

  var customMirror: Mirror {
    Mirror(
      self,
      children: flags.map { field, flags -> Mirror.Child in
        switch flags {
        case .text(let option): return (field.name, option)
        case .truth(let flag): return (field.name, flag)
        case .either(let flag): return (field.name, flag)
        }
      }, displayStyle: .struct)
  }

  private static func definition(_ field: SettingField) -> Flags {
    let name = NameSpecification.customLong(String(field.flag.dropFirst(2)))
    let help = ArgumentHelp(field.help)
    guard field.schema == .boolean else { return .text(Option(name: name, help: help)) }
    return field.default == .bool(false)
      ? .truth(Flag(wrappedValue: false, name: name, help: help)) : .either(Flag(name: name, inversion: .prefixedNo, help: help))
  }

  /// What was said, in the order of the table.
  var given: [SentRequest.Option] {
    flags.compactMap { field, flags in
      let text: String? =
        switch flags {
        case .text(let option): option.wrappedValue
        case .truth(let flag): flag.wrappedValue ? "true" : nil
        case .either(let flag): flag.wrappedValue.map { "\($0)" }
        }
      return text.map { SentRequest.Option(name: field.name, value: $0) }
    }
  }

  /// The text of one flag; nil where it was not said.
  subscript(name: String) -> String? { given.first { $0.name == name }?.value }

  /// Through the JSON that a request has, so that both are read and refused alike.
  func values() throws -> Values {
    let members = given.map { option in
      JSONValue.Member(name: option.name, value: Values.table[option.name]?.schema.value(of: option.value) ?? .string(option.value))
    }
    let values = try StrictJSON.decode(Values.self, from: .object(members))
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
    case .null, .bool(false), .object([]): break
    case .string(let text): notes.append("default: \(text)")
    default: notes.append("default: \(`default`.line)")
    }
    return notes.isEmpty ? summary : "\(summary) (\(notes.joined(separator: "; ")))"
  }
}
