package import Formats
import GRDB

extension ModelStore {
  /// Points an alias to a version; rolling back is moving it back.
  ///
  /// - Parameter from: the version that the alias has to be at; nil moves it from wherever it is.
  /// - Returns: nil when it already pointed there: nothing moved and nothing is noted.
  /// - Throws: `StoreError.invalidAlias`, `.unknownModel`, `.unknownVersion`, `.aliasElsewhere`.
  @discardableResult
  package func moveAlias(
    _ alias: String, of name: String, to version: Int, from expected: Int? = nil, reason: String = "", actor: Principal
  ) throws -> AliasMove? {
    try ModelReference.validate(name: name)
    try ModelReference.validate(alias: alias)
    return try change { database in
      let index = try ModelIndex(database, blobs: blobs)
      _ = try index.version(version, of: name)
      let current = try index.model(named: name).aliases.first { $0.name == alias }?.version
      if let expected, current != expected { throw StoreError.aliasElsewhere(model: name, alias: alias, expected: expected, actual: current) }
      return try Self.moveAlias(database, alias, of: name, to: version, reason: reason, actor: actor)
    }.value
  }

  /// - Throws: `StoreError.invalidAlias`, `.unknownModel`, `.unknownAlias`.
  @discardableResult
  package func deleteAlias(_ alias: String, of name: String, reason: String = "", actor: Principal) throws -> AliasMove {
    try ModelReference.validate(name: name)
    try ModelReference.validate(alias: alias)
    return try change { database in
      let found = try ModelIndex(database, blobs: blobs).alias(alias, of: name)
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
          actor: row["actor"], key: row["key"], time: try row.parse("time"))
      }
      if moves.isEmpty { _ = try ModelIndex(database, blobs: blobs).alias(alias, of: name) }
      return moves
    }
  }

  /// Removes a version; its number is not given again and its file is left to the collector.
  ///
  /// - Returns: the digest of the file, where no other version needs it.
  /// - Throws: `StoreError.unknownModel`, `.unknownVersion`, `.versionInUse` while an alias points to it.
  @discardableResult
  package func deleteVersion(_ version: Int, of name: String, actor: Principal) throws -> Digest? {
    try ModelReference.validate(name: name)
    return try change { database in
      let index = try ModelIndex(database, blobs: blobs)
      let deleted = try index.version(version, of: name)
      let aliases = try index.model(named: name).aliases.filter { $0.version == version }.map(\.name)
      guard aliases.isEmpty else { throw StoreError.versionInUse(model: name, version: version, aliases: aliases) }
      try database.execute(sql: "DELETE FROM versions WHERE model = ? AND version = ?", arguments: [name, version])
      try Self.note(database, .deleteVersion, deleted.id, by: actor, ["digest": .string(deleted.digest.description)])
      let isNeeded = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT * FROM versions WHERE digest = ?)", arguments: [deleted.digest.description])
      return isNeeded == false ? deleted.digest : nil
    }.value
  }

  /// Adds a line to the alias' history, by which the schema moves the alias.
  static func moveAlias(
    _ database: Database, _ alias: String, of name: String, to version: Int?, reason: String, actor: Principal
  ) throws -> AliasMove? {
    let current = try Int.fetchOne(database, sql: "SELECT version FROM aliases WHERE model = ? AND alias = ?", arguments: [name, alias])
    guard current != version else { return nil }
    let move = AliasMove(model: name, alias: alias, from: current, to: version, reason: reason, actor: actor.name, key: actor.key, time: .now)
    try database.execute(
      sql: "INSERT INTO alias_history (model, alias, from_version, to_version, reason, actor, key, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      arguments: [name, alias, current, version, reason, actor.name, actor.key, move.time.description])
    try note(
      database, version == nil ? .deleteAlias : .moveAlias, "\(name)@\(alias)", by: actor,
      ["from": current.map(JSONValue.integer) ?? .null, "to": version.map(JSONValue.integer) ?? .null, "reason": .string(reason)])
    return move
  }
}
