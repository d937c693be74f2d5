import Formats
import GRDB

/// All keys at one moment, in memory: what requests are let in by, without SQL.
struct Keyring: Snapshot {
  let generation: Int
  private let entries: [String: Entry]

  private struct Entry {
    let key: AccessKey
    let digest: Digest
  }

  init(_ database: Database) throws {
    generation = try Self.generation(database)
    entries = try Row.fetchAll(database, sql: "SELECT * FROM keys").reduce(into: [:]) { entries, row in
      let key = try AccessKey(row)
      entries[key.id] = Entry(key: key, digest: try row.parse("secret_digest"))
    }
  }

  static func generation(_ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT generation FROM keyring") ?? 0
  }

  /// Only ever forward: two processes may see the same key used.
  static func record(_ uses: [String: Timestamp], in database: Database) throws {
    for (id, time) in uses {
      try database.execute(
        sql: "UPDATE keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)", arguments: [time.description, id])
    }
  }

  func check(_ text: String, at time: Timestamp) -> KeyCheck {
    guard let secret = KeySecret(text), let entry = entries[secret.id], entry.digest.equalsInConstantTime(secret.digest) else { return .unknown }
    switch entry.key.state(at: time) {
    case .active: return .active(entry.key)
    case .expired: return .expired(entry.key)
    case .revoked: return .revoked(entry.key)
    }
  }
}

extension AccessKey {
  init(_ row: Row) throws {
    let models: String? = row["models"]
    self.init(
      id: row["id"], name: row["name"], scopes: Set(KeyScope.allCases.filter { row[$0.rawValue] }),
      models: try models.map { try StrictJSON.decode([String].self, from: Array($0.utf8)) }, createdAt: try row.parse("created_at"),
      expiresAt: try row.parseIfPresent("expires_at"), revokedAt: try row.parseIfPresent("revoked_at"),
      lastUsedAt: try row.parseIfPresent("last_used_at"))
  }
}
