internal import HTTP
internal import Registry

/// Who may ask for what.
struct Gate: Sendable {
  enum Scope: Sendable {
    /// Needs no key anywhere.
    case open
    case infer, metrics
    /// Always needs the admin key.
    case admin
  }

  let adminKey: AdminKey
  /// Whether inference and metrics need a key too.
  let requiresKeys: Bool

  /// Keys come as `Authorization: Bearer KEY` (RFC 6750 §2.1).
  func admit(_ request: Request, to scope: Scope) throws {
    switch scope {
    case .open: return
    case .infer, .metrics: if !requiresKeys { return }
    case .admin: break
    }
    let words = (request.headers["Authorization"] ?? "").split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 2, words[0].lowercased() == "bearer" else {
      throw Problem(
        .unauthenticated, "This needs a key: send the header \"Authorization: Bearer KEY\"; the admin key is in admin.key in the store's folder.",
        headers: ["WWW-Authenticate": "Bearer realm=\"posterior\""])
    }
    guard adminKey.matches(String(words[1])) else {
      throw Problem(.forbidden, "This key is not the admin key of this server, which is in admin.key in the store's folder.")
    }
  }
}
