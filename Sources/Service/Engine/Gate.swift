internal import HTTP
internal import Registry

/// Says which client asks, and whether it may.
protocol Admission: Sendable {
  /// - Throws: `Problem` for a client that may not.
  func admit(_ request: Request, to scope: Gate.Scope) throws -> Caller
}

/// The same caller whatever the request says: the command line, which works on a store without a server.
struct FixedAdmission: Admission {
  let caller: Caller

  func admit(_ request: Request, to scope: Gate.Scope) throws -> Caller { caller }
}

/// Admits by the keys that requests carry; reads memory alone.
struct Gate: Admission {
  enum Scope: Sendable {
    /// Needs no key anywhere, and looks at none.
    case open
    case infer, metrics
    /// Always needs a key.
    case admin
  }

  let adminKey: AdminKey
  let store: ModelStore
  /// Whether inference and metrics need a key too.
  let requiresKeys: Bool
  private let failures = FailedKeys()

  init(adminKey: AdminKey, store: ModelStore, requiresKeys: Bool) {
    self.adminKey = adminKey
    self.store = store
    self.requiresKeys = requiresKeys
  }

  /// Keys come as `Authorization: Bearer KEY` (RFC 6750 §2.1). A key that is sent is looked at also where none is needed: its limits hold there too, and
  /// one that no longer works is noticed early.
  func admit(_ request: Request, to scope: Scope) throws -> Caller {
    let needed: KeyScope
    switch scope {
    case .open: return .anonymous(address: request.clientAddress)
    case .infer: needed = .infer
    case .metrics: needed = .metrics
    case .admin: needed = .admin
    }
    guard let key = try bearer(request) else {
      if needed != .admin, !requiresKeys { return .anonymous(address: request.clientAddress) }
      // RFC 6750 §3.1: without a key in the request no error code.
      throw Problem(
        .unauthenticated, "This needs a key: send the header \"Authorization: Bearer KEY\"; the admin key is in admin.key in the store's folder.",
        headers: ["WWW-Authenticate": "Bearer realm=\"posterior\""])
    }
    let caller = try caller(key, of: request)
    guard caller.may(needed) else {
      let scopes = KeyScope.allCases.filter(caller.scopes.contains).map(\.rawValue).joined(separator: ", ")
      throw Problem(
        .forbidden, "This key has the scope \(scopes); this needs \(needed.rawValue).", given: scopes, expected: needed.rawValue,
        headers: ["WWW-Authenticate": Self.challenge("insufficient_scope", "the key lacks a scope", scope: needed)])
    }
    return caller
  }

  /// The key of a request; nil without one, and where the header has another scheme, which may be meant for a proxy.
  private func bearer(_ request: Request) throws -> String? {
    let words = (request.headers["Authorization"] ?? "").split(separator: " ", omittingEmptySubsequences: true)
    guard let scheme = words.first, scheme.lowercased() == "bearer" else { return nil }
    guard words.count == 2 else {
      throw Problem(
        .malformed, "The header Authorization is malformed, expected \"Bearer KEY\".", field: "Authorization", expected: "Bearer KEY",
        headers: ["WWW-Authenticate": Self.challenge("invalid_request", "expected Bearer KEY")])
    }
    return String(words[1])
  }

  private func caller(_ text: String, of request: Request) throws -> Caller {
    if adminKey.matches(text) {
      return Caller(Principal(key: "admin", name: "admin", address: request.clientAddress), scopes: Set(KeyScope.allCases))
    }
    switch store.check(key: text) {
    case .active(let key):
      return Caller(
        Principal(key: key.id, name: key.name, address: request.clientAddress), scopes: key.scopes, models: key.models.map(Set.init))
    case .expired(let key): throw failure("The key \(key.id) has expired\(key.expiresAt.map { ", at \($0)" } ?? ""); ask for another.", request)
    case .revoked(let key): throw failure("The key \(key.id) was revoked; ask for another.", request)
    case .unknown: throw failure("This key is not one of this server's.", request)
    }
  }

  private func failure(_ detail: String, _ request: Request) -> Problem {
    if let wait = failures.count(request.remoteAddress) {
      let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
      return Problem(
        .tooManyFailedKeys, "Too many wrong keys came from this address; the next one is looked at in \(seconds) s. A right key passes at once.",
        headers: ["Retry-After": "\(seconds)"])
    }
    return Problem(.unauthenticated, detail, headers: ["WWW-Authenticate": Self.challenge("invalid_token", "the key is unknown, expired or revoked")])
  }

  /// RFC 6750 §3.
  static func challenge(_ error: String, _ description: String, scope: KeyScope? = nil) -> String {
    "Bearer realm=\"posterior\", error=\"\(error)\", error_description=\"\(description)\"" + (scope.map { ", scope=\"\($0.rawValue)\"" } ?? "")
  }
}

extension Request {
  /// The peer without its port; nil in memory.
  var clientAddress: String? {
    guard !remoteAddress.isEmpty else { return nil }
    return (try? ListenAddress(remoteAddress))?.host ?? remoteAddress
  }
}
