package import Formats
import GRDB

extension ModelStore {
  /// Points an alias to a version; rolling back is moving it back.
  ///
  /// - Returns: nil when it already pointed there: nothing moved and nothing is noted.
  /// - Throws: `StoreError.invalidAlias`, `.unknownModel`, `.unknownVersion`.
  @discardableResult
  package func moveAlias(_ alias: String, of name: String, to version: Int, reason: String = "", actor: String) throws -> AliasMove? {
    try ModelReference.validate(name: name)
    try ModelReference.validate(alias: alias)
    return try change { database in
      _ = try Catalogue(database, blobs: blobs).version(version, of: name)
      return try Self.moveAlias(database, alias, of: name, to: version, reason: reason, actor: actor)
    }.value
  }

  /// - Throws: `StoreError.invalidAlias`, `.unknownModel`, `.unknownAlias`.
  @discardableResult
  package func deleteAlias(_ alias: String, of name: String, reason: String = "", actor: String) throws -> AliasMove {
    try ModelReference.validate(name: name)
    try ModelReference.validate(alias: alias)
    return try change { database in
      let found = try Catalogue(database, blobs: blobs).alias(alias, of: name)
      guard let move = try Self.moveAlias(database, alias, of: name, to: nil, reason: reason, actor: actor) else {
        preconditionFailure("\(found) points to a version")
      }
      return move
    }.value
  }

  /// Every move of the alias, the newest first; also when the alias is deleted.
  ///
  /// - Throws: `StoreError.unknownModel`, `.unknownAlias` for an alias that never was.
  package func aliasHistory(_ alias: String, of name: String) throws -> [AliasMove] {
    try ModelReference.validate(name: name)
    try ModelReference.validate(alias: alias)
    return try read { database in
      let moves = try Row.fetchAll(
        database, sql: "SELECT * FROM alias_history WHERE model = ? AND alias = ? ORDER BY id DESC", arguments: [name, alias]
      ).map { row in
        AliasMove(
          model: row["model"], alias: row["alias"], from: row["from_version"], to: row["to_version"], reason: row["reason"],
          actor: row["actor"], time: try row.parse("time"))
      }
      if moves.isEmpty { _ = try Catalogue(database, blobs: blobs).alias(alias, of: name) }
      return moves
    }
  }

  /// Removes a version; its number is not given again and its file is left to the collector.
  ///
  /// - Returns: the digest of the file, where no other version needs it.
  /// - Throws: `StoreError.unknownModel`, `.unknownVersion`, `.versionInUse` while an alias points to it.
  @discardableResult
  package func deleteVersion(_ version: Int, of name: String) throws -> Digest? {
    try ModelReference.validate(name: name)
    return try change { database in
      let catalogue = try Catalogue(database, blobs: blobs)
      let digest = try catalogue.version(version, of: name).digest
      let aliases = try catalogue.model(named: name).aliases.filter { $0.version == version }.map(\.name)
      guard aliases.isEmpty else { throw StoreError.versionInUse(model: name, version: version, aliases: aliases) }
      try database.execute(sql: "DELETE FROM versions WHERE model = ? AND version = ?", arguments: [name, version])
      let isNeeded = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT * FROM versions WHERE digest = ?)", arguments: [digest.description])
      return isNeeded == false ? digest : nil
    }.value
  }

  /// Adds a line to the alias' history, by which the schema moves the alias.
  static func moveAlias(
    _ database: Database, _ alias: String, of name: String, to version: Int?, reason: String, actor: String
  ) throws -> AliasMove? {
    let current = try Int.fetchOne(database, sql: "SELECT version FROM aliases WHERE model = ? AND alias = ?", arguments: [name, alias])
    guard current != version else { return nil }
    let move = AliasMove(model: name, alias: alias, from: current, to: version, reason: reason, actor: actor, time: .now)
    try database.execute(
      sql: "INSERT INTO alias_history (model, alias, from_version, to_version, reason, actor, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [name, alias, current, version, reason, actor, move.time.description])
    return move
  }
}
