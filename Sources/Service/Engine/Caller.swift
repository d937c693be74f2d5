internal import HTTP
package import Registry

/// Who asks, and what that allows.
package struct Caller: Hashable, Sendable {
  /// The name and address that the change log gets.
  package let principal: Principal
  package let scopes: Set<KeyScope>
  /// The only models that the caller may see and use; nil for all.
  package let models: Set<String>?

  package init(_ principal: Principal, scopes: Set<KeyScope>, models: Set<String>? = nil) {
    self.principal = principal
    self.scopes = scopes
    self.models = models
  }

  /// Whoever may write to the store's folder may do everything.
  package static var commandLine: Caller { Caller(.commandLine, scopes: Set(KeyScope.allCases)) }

  /// A request without a key, where none is needed.
  static func anonymous(address: String?) -> Caller { Caller(Principal(name: "anonymous", address: address), scopes: [.infer, .metrics]) }

  /// `admin` may do everything.
  func may(_ scope: KeyScope) -> Bool { scopes.contains(.admin) || scopes.contains(scope) }

  /// - Parameter name: of a model; nil for what belongs to none, which a caller with a list of models may not see.
  func maySee(model name: String?) -> Bool { models.map { models in name.map(models.contains) ?? false } ?? true }

  /// - Throws: `Problem.forbidden` for a model, or something of a model, that the key is not for.
  func requireModel(_ name: String?, field: String) throws {
    guard let models, !maySee(model: name) else { return }
    let list = models.sorted().joined(separator: ", ")
    throw Problem(
      .forbidden, "This key is for \(list) only\(name.map { ", not for \"\($0.prefix(80))\"" } ?? "").", field: field, given: name, expected: list,
      headers: ["WWW-Authenticate": Gate.challenge("insufficient_scope", "the key is for other models", scope: .infer)])
  }
}
