/// What a key is good for.
package enum KeyScope: String, CaseIterable, Hashable, Sendable {
  case infer, admin, metrics
}

/// A key as the store knows it: everything but the secret, of which there is only a hash.
package struct AccessKey: Hashable, Sendable, Identifiable {
  package enum State: String, Sendable { case active, expired, revoked }

  package let id: String
  /// Its owner's word for it; no other key that works has the same.
  package let name: String
  package let scopes: Set<KeyScope>
  /// The only models that the key is for, by name; nil for all.
  package let models: [String]?
  package let createdAt: Timestamp
  package let expiresAt: Timestamp?
  package let revokedAt: Timestamp?
  /// To the minute, and known a minute late; nil before the first use.
  package let lastUsedAt: Timestamp?

  package func state(at time: Timestamp) -> State {
    if revokedAt != nil { return .revoked }
    if let expiresAt, expiresAt <= time { return .expired }
    return .active
  }
}

/// A key that was just made, with the secret that is shown this once.
package struct IssuedKey: Sendable {
  package let key: AccessKey
  package let secret: String
}

extension IssuedKey: CustomStringConvertible {
  package var description: String { "IssuedKey(\(key.id), hidden)" }
}

/// What a client's key turned out to be.
package enum KeyCheck: Hashable, Sendable {
  case active(AccessKey)
  case expired(AccessKey)
  case revoked(AccessKey)
  case unknown
}
