import Formats
import GRDB
package import ModelFiles

/// New words and tags for a model or a version; what is left out stays as it is.
package struct Annotation: Hashable, Sendable {
  package var description: String?
  /// New values; nil removes the tag.
  package var tags: [String: String?]

  package init(description: String? = nil, tags: [String: String?] = [:]) {
    self.description = description
    self.tags = tags
  }
}

extension ModelStore {
  /// Changes what is said about a model.
  ///
  /// - Throws: `StoreError.invalidModelName`, `.unknownModel`, `.invalidAnnotation`.
  @discardableResult
  package func annotate(_ name: String, _ annotation: Annotation, actor: Principal) throws -> Model {
    try ModelReference.validate(name: name)
    try Self.validate(annotation)
    let index = try change { database in
      let model = try ModelIndex(database, blobs: blobs).model(named: name)
      let new = annotation.changing(description: model.description, tags: model.tags)
      guard !new.isEmpty else { return }
      if let description = new.description {
        try database.execute(sql: "UPDATE models SET description = ? WHERE name = ?", arguments: [description, name])
      }
      for (tag, value) in new.tags {
        if let value {
          try database.execute(
            sql: "INSERT INTO model_tags (model, name, value) VALUES (?, ?, ?) ON CONFLICT (model, name) DO UPDATE SET value = excluded.value",
            arguments: [name, tag, value])
        } else {
          try database.execute(sql: "DELETE FROM model_tags WHERE model = ? AND name = ?", arguments: [name, tag])
        }
      }
      try Self.note(database, .annotateModel, name, by: actor, new.detail)
    }.index
    return try index.model(named: name)
  }

  /// Changes what is said about a version.
  ///
  /// - Throws: `StoreError.invalidModelName`, `.unknownModel`, `.unknownVersion`, `.invalidAnnotation`.
  @discardableResult
  package func annotate(_ number: Int, of name: String, _ annotation: Annotation, actor: Principal) throws -> ModelVersion {
    try ModelReference.validate(name: name)
    try Self.validate(annotation)
    let index = try change { database in
      let version = try ModelIndex(database, blobs: blobs).version(number, of: name)
      let new = annotation.changing(description: version.description, tags: version.tags)
      guard !new.isEmpty else { return }
      if let description = new.description {
        try database.execute(sql: "UPDATE versions SET description = ? WHERE model = ? AND version = ?", arguments: [description, name, number])
      }
      for (tag, value) in new.tags {
        if let value {
          try database.execute(
            sql: """
              INSERT INTO version_tags (model, version, name, value) VALUES (?, ?, ?, ?)
              ON CONFLICT (model, version, name) DO UPDATE SET value = excluded.value
              """,
            arguments: [name, number, tag, value])
        } else {
          try database.execute(sql: "DELETE FROM version_tags WHERE model = ? AND version = ? AND name = ?", arguments: [name, number, tag])
        }
      }
      try Self.note(database, .annotateVersion, version.id, by: actor, new.detail)
    }.index
    return try index.version(number, of: name)
  }

  /// Changes the tags of a run; nil removes one. Recorded requests have none.
  ///
  /// - Throws: `StoreError.unknownRun`, `.invalidAnnotation`.
  @discardableResult
  package func annotate(_ run: RunID, tags: [String: String?], actor: Principal) throws -> Run {
    try Self.validate(Annotation(tags: tags))
    try write { database in
      _ = try Self.status(database, run)
      let rows = try Row.fetchAll(database, sql: "SELECT name, value FROM run_tags WHERE run = ?", arguments: [run.description])
      let present: [String: String] = Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["value"]) })
      let new = Annotation(tags: tags).changing(description: "", tags: present)
      guard !new.isEmpty else { return }
      for (tag, value) in new.tags {
        if let value {
          try Self.setTag(database, tag, to: value, of: run)
        } else {
          try database.execute(sql: "DELETE FROM run_tags WHERE run = ? AND name = ?", arguments: [run.description, tag])
        }
      }
      try Self.note(database, .annotateRun, run.description, by: actor, new.detail)
    }
    return try self.run(run.description)
  }

  private static func validate(_ annotation: Annotation) throws(StoreError) {
    if let description = annotation.description, description.unicodeScalars.count > 10_000 {
      throw .invalidAnnotation(
        field: "description", given: "\(description.unicodeScalars.count) characters", expected: "at most 10000 characters")
    }
    for (name, value) in annotation.tags {
      guard (1...250).contains(name.unicodeScalars.count), !name.contains("="), !name.unicodeScalars.contains("\0") else {
        throw .invalidAnnotation(field: "tags", given: name, expected: "names of 1 to 250 characters without '='")
      }
      if let value, value.unicodeScalars.count > 5000 {
        throw .invalidAnnotation(field: "tags.\(name)", given: "\(value.unicodeScalars.count) characters", expected: "at most 5000 characters")
      }
    }
  }
}

extension Annotation {
  fileprivate var isEmpty: Bool { description == nil && tags.isEmpty }

  /// What of it is news.
  fileprivate func changing(description old: String, tags present: [String: String]) -> Annotation {
    Annotation(description: description == old ? nil : description, tags: tags.filter { $0.value != present[$0.key] })
  }

  fileprivate var detail: [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    if let description { members.append(.init(name: "description", value: .string(description))) }
    if !tags.isEmpty {
      let changes = tags.sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: $0.value.map(JSONValue.string) ?? .null) }
      members.append(.init(name: "tags", value: .object(changes)))
    }
    return members
  }
}
