internal import Formats

/// What files of older formats mean by a configuration.
///
/// Under formats 1 and 2 training here read both heads of a beta-binomial as softplus, whatever `likelihood_scale` said, and wrote `exp` there unless
/// it was told otherwise. Files from elsewhere say what they mean. Under format 3 every file does.
enum OlderFormats {
  private static let (likelihood, scale, betaBinomial, usualScale) = ("likelihood", "likelihood_scale", JSONValue.string("beta_binomial"), "softplus")

  /// The oldest format in which a configuration means what it says.
  static func format(of configuration: JSONValue) -> Int {
    configuration[likelihood] == betaBinomial && configuration[scale] != .string(usualScale) ? 3 : 1
  }

  /// The configuration of a file of such a format, as it is said in the newest.
  static func configuration(_ configuration: JSONValue, format: Int, isTrainedHere: Bool) -> JSONValue {
    guard format < self.format(of: configuration), isTrainedHere, case .object(let members) = configuration else { return configuration }
    return .object(members.map { $0.name == scale ? .init(name: scale, value: .string(usualScale)) : $0 })
  }
}
