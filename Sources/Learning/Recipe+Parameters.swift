internal import Formats

extension Recipe {
  /// Every field as a parameter of the run, so that runs are found and compared by what they were given.
  ///
  /// Fields of `configuration` and `training` go by their own names, those of other parts by their path: `latent`, `beta`, `optimiser.rate`.
  package func parameters() throws -> [String: String] {
    guard case .object(let members) = try JSONValue(parsing: Array(try canonicalText().utf8)) else { preconditionFailure("a recipe is an object") }
    var parameters: [String: String] = [:]
    for member in members {
      guard case .object(let parts) = member.value else {
        parameters[member.name] = Self.text(member.value)
        continue
      }
      for part in parts where part.value != .null {
        let isOwn = member.name == "configuration" || member.name == "training"
        // A name that is taken, such as one of a part and of the recipe itself, is told apart by its path.
        let name = isOwn && parameters[part.name] == nil && !members.contains { $0.name == part.name } ? part.name : "\(member.name).\(part.name)"
        parameters[name] = Self.text(part.value)
      }
    }
    // The run has them already.
    for name in ["family", "name", "seed"] { parameters[name] = nil }
    return parameters
  }

  private static func text(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return String(decoding: value.text, as: UTF8.self)
  }
}
