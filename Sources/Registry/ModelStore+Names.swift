package import Formats
import GRDB

extension ModelStore {
  /// Removes a model with all its versions and aliases. Files are left to the collector; a later version under this name goes on counting.
  ///
  /// - Returns: digests of files that no other version needs.
  /// - Throws: `StoreError.invalidModelName`, `.unknownModel`.
  @discardableResult
  package func deleteModel(_ name: String, actor: Principal) throws -> (model: Model, unneeded: [Digest]) {
    try ModelReference.validate(name: name)
    return try change { database in
      let model = try ModelIndex(database, blobs: blobs).model(named: name)
      for alias in model.aliases {
        _ = try Self.moveAlias(database, alias.name, of: name, to: nil, reason: "the model was deleted", actor: actor)
      }
      try database.execute(sql: "DELETE FROM versions WHERE model = ?", arguments: [name])
      try database.execute(sql: "DELETE FROM model_tags WHERE model = ?", arguments: [name])
      try database.execute(sql: "UPDATE models SET description = '', deleted_at = ? WHERE name = ?", arguments: [Timestamp.now.description, name])
      try Self.note(
        database, .deleteModel, name, by: actor,
        ["versions": .array(model.versions.map { .record(["version": .integer($0.version), "digest": .string($0.digest.description)]) })])
      let digests = Set(model.versions.map(\.digest.description))
      let needed = Set(try SQLRequest<String>("SELECT digest FROM versions WHERE digest IN \(digests.sorted())").fetchAll(database))
      return (model, model.versions.map(\.digest).filter { !needed.contains($0.description) })
    }.value
  }

  /// Gives a model another name, with its versions, aliases and their history; runs keep the name that was theirs.
  ///
  /// - Throws: `StoreError.invalidModelName`, `.unknownModel`; `.nameTaken` for a name that a model has or had, whose numbers would mean two things.
  @discardableResult
  package func renameModel(_ name: String, to new: String, actor: Principal) throws -> Model {
    try ModelReference.validate(name: name)
    try ModelReference.validate(name: new)
    let index = try change { database in
      _ = try ModelIndex(database, blobs: blobs).model(named: name)
      guard name != new else { return }
      let isTaken = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT * FROM models WHERE name = ?)", arguments: [new]) ?? false
      if isTaken { throw StoreError.nameTaken(name: new) }
      // Rows of one key change table by table: they fit together again at the end.
      try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
      try database.execute(
        sql:
          "INSERT INTO models (name, description, last_version, created_at) SELECT ?, description, last_version, created_at FROM models WHERE name = ?",
        arguments: [new, name])
      for table in ["versions", "alias_history", "aliases", "model_tags", "version_tags"] {
        try database.execute(sql: "UPDATE \(table) SET model = ? WHERE model = ?", arguments: [new, name])
      }
      try database.execute(sql: "UPDATE models SET description = '', deleted_at = ? WHERE name = ?", arguments: [Timestamp.now.description, name])
      try Self.note(database, .renameModel, name, by: actor, ["to": .string(new)])
    }.index
    return try index.model(named: new)
  }
}
