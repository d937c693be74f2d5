import Formats
import GRDB

extension ModelStore {
  /// Makes a key; its secret is in the answer and nowhere else.
  ///
  /// - Parameter models: the only models that the key is for; nil for all. They need not be there yet.
  /// - Throws: `StoreError.invalidKeyRequest`, `.invalidModelName`, `.keyNameTaken`.
  package func createKey(
    named name: String, scopes: Set<KeyScope>, models: [String]? = nil, expiresAt: Timestamp? = nil, actor: Principal
  ) throws -> IssuedKey {
    let now = Timestamp.now
    try Self.validateKey(name, scopes, models, expiresAt: expiresAt, now: now)
    let models = models.map { Set($0).sorted() }
    let secret = KeySecret()
    let list = models.map { String(decoding: JSONValue.array($0.map(JSONValue.string)).text, as: UTF8.self) }
    let scopeNames = KeyScope.allCases.filter(scopes.contains).map { JSONValue.string($0.rawValue) }
    let key = try changeKeys { database in
      let taken = try String.fetchOne(database, sql: "SELECT id FROM keys WHERE name = ? AND revoked_at IS NULL", arguments: [name])
      if let taken { throw StoreError.keyNameTaken(name: name, id: taken) }
      try database.execute(
        sql: """
          INSERT INTO keys (id, name, secret_digest, infer, admin, metrics, models, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          secret.id, name, secret.digest.description, scopes.contains(.infer), scopes.contains(.admin), scopes.contains(.metrics), list,
          now.description, expiresAt?.description,
        ])
      try Self.note(
        database, .createKey, secret.id, by: actor,
        [
          "name": .string(name), "scopes": .array(scopeNames), "models": models.map { .array($0.map(JSONValue.string)) } ?? .null,
          "expires_at": expiresAt.map { .string($0.description) } ?? .null,
        ])
      return try Self.key(database, secret.id)
    }
    return IssuedKey(key: key, secret: secret.text)
  }

  /// Ends a key for good: in this process when this returns, in others within `Options.pollInterval`.
  ///
  /// - Returns: the key; one that was revoked already stays as it was.
  /// - Throws: `StoreError.unknownKey`.
  @discardableResult
  package func revokeKey(_ id: String, actor: Principal) throws -> AccessKey {
    try changeKeys { database in
      let key = try Self.key(database, id)
      guard key.revokedAt == nil else { return key }
      try database.execute(sql: "UPDATE keys SET revoked_at = ? WHERE id = ?", arguments: [Timestamp.now.description, id])
      try Self.note(database, .revokeKey, id, by: actor, ["name": .string(key.name)])
      return try Self.key(database, id)
    }
  }

  /// All keys in the order they were made, revoked ones too, a page at a time.
  ///
  /// - Throws: `StoreError.invalidLimit`, `.invalidPageToken`.
  package func keys(pageToken: String? = nil, limit: Int = 100) throws -> Page<AccessKey> {
    try Page<AccessKey>.validate(limit: limit)
    let keys = try read { database in
      var last = 0
      if let pageToken {
        guard let sequence = try Int.fetchOne(database, sql: "SELECT sequence FROM keys WHERE id = ?", arguments: [pageToken]) else {
          throw StoreError.invalidPageToken(given: pageToken)
        }
        last = sequence
      }
      return try Row.fetchAll(database, sql: "SELECT * FROM keys WHERE sequence > ? ORDER BY sequence LIMIT ?", arguments: [last, limit + 1])
        .map(AccessKey.init)
    }
    return Page(keys, limit: limit, token: \.id)
  }

  /// What the text that a client sent as its key is worth now; reads memory alone.
  package func check(key text: String, at time: Timestamp = .now) -> KeyCheck {
    let check = keyring.current.check(text, at: time)
    if case .active(let key) = check { keyUse.note(key.id, at: time) }
    return check
  }

  /// Writes down now which keys were used; it happens by itself once a minute.
  package func recordKeyUse() throws {
    let uses = keyUse.take(at: .now, isForced: true)
    if !uses.isEmpty { try write { try Keyring.record(uses, in: $0) } }
  }

  private func changeKeys<Value>(_ body: (Database) throws -> Value) throws -> Value {
    let (value, snapshot) = try write { database in (try body(database), try Keyring(database)) }
    keyring.install(snapshot)
    return value
  }

  private static func key(_ database: Database, _ id: String) throws -> AccessKey {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id]) else { throw StoreError.unknownKey(id: id) }
    return try AccessKey(row)
  }

  private static func validateKey(
    _ name: String, _ scopes: Set<KeyScope>, _ models: [String]?, expiresAt: Timestamp?, now: Timestamp
  ) throws(StoreError) {
    guard (1...100).contains(name.unicodeScalars.count), !name.unicodeScalars.contains(where: \.properties.isControl) else {
      throw .invalidKeyRequest(field: "name", given: name, expected: "1 to 100 characters, none of them a control character")
    }
    guard !scopes.isEmpty else { throw .invalidKeyRequest(field: "scopes", given: "nothing", expected: "one or more of infer, admin, metrics") }
    if let expiresAt, expiresAt <= now {
      throw .invalidKeyRequest(field: "expires_at", given: expiresAt.description, expected: "a time after now, \(now)")
    }
    guard let models else { return }
    guard !models.isEmpty else { throw .invalidKeyRequest(field: "models", given: "an empty list", expected: "names of models, or no list for all") }
    guard scopes.contains(.infer), !scopes.contains(.admin) else {
      throw .invalidKeyRequest(
        field: "models", given: models.joined(separator: ","),
        expected: "no list: it limits the scope infer, \(scopes.contains(.admin) ? "and admin may do everything" : "which this key does not have")")
    }
    for model in models { try ModelReference.validate(name: model) }
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isControl: Bool { generalCategory == .control }
}
