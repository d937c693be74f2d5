package import Formats
import GRDB
import Logging

/// How far a publication has come.
package enum PublicationStep: CaseIterable, Sendable {
  /// The bytes are on disk under a temporary name.
  case staged
  case verified
  /// The file is in its place among the blobs, which is on disk; no transaction names it.
  case moved
  /// The transaction is written but not committed.
  case recorded
  case committed
}

extension ModelStore {
  /// Makes an upload the next version of a model: the whole of it or, whatever fails or is cut off, nothing of it.
  ///
  /// Bytes that the model already has in a version are that version again. An alias moves only when one is named.
  /// The upload is used up, also when this throws.
  ///
  /// - Parameters:
  ///   - alias: the alias to point to the version; nil leaves all aliases where they are.
  ///   - expected: the digest that the client announced.
  ///   - verify: reads the file at the path and throws what is wrong with it; its errors pass through unchanged.
  /// - Throws: `StoreError.invalidModelName`, `.invalidAlias`, `.digestMismatch`, `.diskFull`, `.readOnly`, `.busy`.
  package func publish(
    _ staged: StagedUpload, as name: String, alias: String? = nil, reason: String = "", actor: Principal, expecting expected: Digest? = nil,
    verify: (_ path: String) throws -> ModelFacts
  ) throws -> Publication {
    try publish(staged, as: name, alias: alias, reason: reason, actor: actor, expecting: expected, verify: verify, observe: { _ in })
  }

  /// - Parameter observe: called after each step; tests see there what a process killed at that moment would leave.
  package func publish(
    _ staged: StagedUpload, as name: String, alias: String? = nil, reason: String = "", actor: Principal, expecting expected: Digest? = nil,
    verify: (_ path: String) throws -> ModelFacts, observe: (PublicationStep) throws -> Void
  ) throws -> Publication {
    defer { staged.abort() }
    try ModelReference.validate(name: name)
    if let alias { try ModelReference.validate(alias: alias) }

    let (digest, byteCount) = try staged.seal()
    if let expected, expected != digest { throw StoreError.digestMismatch(given: digest, expected: expected) }
    try observe(.staged)
    let facts = try verify(staged.path)
    try observe(.verified)

    var isMoved = false
    do {
      let (publication, index) = try change { database in
        try blobs.adopt(staged.path, as: digest)
        isMoved = true
        staged.release()
        try observe(.moved)
        let (number, isNew) = try Self.insertVersion(database, name, digest, byteCount, facts)
        if isNew {
          try Self.note(
            database, .publish, "\(name)@\(number)", by: actor, ["digest": .string(digest.description), "bytes": .integer(byteCount)])
        }
        let move = try alias.flatMap { try Self.moveAlias(database, $0, of: name, to: number, reason: reason, actor: actor) }
        try observe(.recorded)
        return (number: number, isNew: isNew, move: move)
      }
      try observe(.committed)
      return Publication(
        version: try index.version(publication.number, of: name), isNew: publication.isNew, aliasMove: publication.move)
    } catch {
      if isMoved { removeUnnamedBlob(digest) }
      throw error
    }
  }

  static func insertVersion(
    _ database: Database, _ name: String, _ digest: Digest, _ byteCount: Int, _ facts: ModelFacts
  ) throws -> (number: Int, isNew: Bool) {
    let existing = try Int.fetchOne(
      database, sql: "SELECT version FROM versions WHERE model = ? AND digest = ?", arguments: [name, digest.description])
    if let existing { return (existing, false) }

    let now = Timestamp.now.description
    try database.execute(
      sql: "INSERT INTO blobs (digest, byte_count, created_at) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING",
      arguments: [digest.description, byteCount, now])
    try database.execute(
      sql: "INSERT INTO models (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", arguments: [name, now])
    let number = try Int.fetchOne(database, sql: "SELECT last_version + 1 FROM models WHERE name = ?", arguments: [name]) ?? 1
    try database.execute(
      sql: """
        INSERT INTO versions (model, version, digest, format, family, configuration, signature, provenance, parameter_count, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        name, number, digest.description, facts.format, facts.family, facts.configuration, facts.signature, facts.provenance,
        facts.parameterCount, now,
      ])
    return (number, true)
  }

  /// Takes back a move whose transaction failed. The file stays when another publication has named it since.
  private func removeUnnamedBlob(_ digest: Digest) {
    do {
      try write { database in
        let isNamed = try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT * FROM blobs WHERE digest = ?)", arguments: [digest.description])
        if isNamed == false { try blobs.remove(digest) }
      }
    } catch {
      // The error that matters to the caller is the one that led here; this file harms nobody.
      logger.warning("a model file that no version names stays behind", metadata: ["digest": "\(digest)", "error": "\(error)"])
    }
  }
}
