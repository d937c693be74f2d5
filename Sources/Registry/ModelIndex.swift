import Formats
import GRDB

/// All models, versions and aliases at one moment, in memory: what requests are answered from, without SQL.
struct ModelIndex: Snapshot {
  let generation: Int
  private let models: [String: Model]
  /// Sorted.
  private let names: [String]

  init(_ database: Database, blobs: BlobFolder) throws {
    generation = try Self.generation(database)

    let modelTags = try Self.tags(database, "SELECT model, name, value FROM model_tags") { $0["model"] as String }
    let versionTags = try Self.tags(database, "SELECT model, version, name, value FROM version_tags") {
      VersionID(model: $0["model"], version: $0["version"])
    }
    var versions: [String: [ModelVersion]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT model, version, versions.digest, byte_count, format, family, configuration, signature, provenance, parameter_count,
          versions.created_at, description
        FROM versions JOIN blobs ON blobs.digest = versions.digest ORDER BY model, version
        """)
    while let row = try rows.next() {
      let version = try ModelVersion(row, tags: versionTags[VersionID(model: row["model"], version: row["version"])] ?? [:], blobs: blobs)
      versions[version.name, default: []].append(version)
    }

    var aliases: [String: [Alias]] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT model, alias, version, updated_at FROM aliases ORDER BY model, alias") {
      aliases[row["model"], default: []].append(Alias(name: row["alias"], version: row["version"], updatedAt: try row.parse("updated_at")))
    }

    let all = try Row.fetchAll(database, sql: "SELECT name, description, created_at FROM models WHERE deleted_at IS NULL ORDER BY name").map { row in
      let name: String = row["name"]
      return Model(
        name: name, description: row["description"], tags: modelTags[name] ?? [:], createdAt: try row.parse("created_at"),
        versions: versions[name] ?? [], aliases: aliases[name] ?? [])
    }
    names = all.map(\.name)
    models = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
  }

  static func generation(_ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT generation FROM catalogue") ?? 0
  }

  func model(named name: String) throws(StoreError) -> Model {
    guard let model = models[name] else { throw .unknownModel(name: name, existing: names) }
    return model
  }

  func version(_ number: Int, of name: String) throws(StoreError) -> ModelVersion {
    let model = try model(named: name)
    guard let version = model.version(number) else {
      throw .unknownVersion(model: name, version: number, existing: model.versions.map(\.version))
    }
    return version
  }

  func alias(_ alias: String, of name: String) throws(StoreError) -> Alias {
    let model = try model(named: name)
    guard let found = model.aliases.first(where: { $0.name == alias }) else {
      throw .unknownAlias(model: name, alias: alias, existing: model.aliases.map(\.name), versions: model.versions.map(\.version))
    }
    return found
  }

  func resolve(_ reference: ModelReference) throws(StoreError) -> ModelVersion {
    switch reference.selector {
    case .version(let number): try version(number, of: reference.name)
    case .alias(let name): try version(try alias(name, of: reference.name).version, of: reference.name)
    }
  }

  func version(holding digest: Digest, preferring name: String?, _ number: Int?) -> ModelVersion? {
    if let name, let number, let named = models[name]?.version(number), named.digest == digest { return named }
    return names.lazy.compactMap { models[$0]?.versions.first { $0.digest == digest } }.first
  }

  func page(_ filter: ModelFilter, after name: String?, limit: Int) -> Page<Model> {
    let start = name.map { name in names.firstIndex { $0 > name } ?? names.endIndex } ?? names.startIndex
    let matching = names[start...].lazy.compactMap { models[$0] }.filter(filter.matches)
    return Page(Array(matching.prefix(limit + 1)), limit: limit, token: \.name)
  }

  private struct VersionID: Hashable {
    let model: String
    let version: Int
  }

  private static func tags<Owner: Hashable>(_ database: Database, _ sql: String, owner: (Row) -> Owner) throws -> [Owner: [String: String]] {
    var tags: [Owner: [String: String]] = [:]
    let rows = try Row.fetchCursor(database, sql: sql)
    while let row = try rows.next() { tags[owner(row), default: [:]][row["name"]] = row["value"] }
    return tags
  }
}

extension ModelVersion {
  fileprivate init(_ row: Row, tags: [String: String], blobs: BlobFolder) throws {
    let digest: Digest = try row.parse("digest")
    self.init(
      name: row["model"], version: row["version"], digest: digest, byteCount: row["byte_count"], createdAt: try row.parse("created_at"),
      facts: ModelFacts(
        format: row["format"], family: row["family"], configuration: row["configuration"], signature: row["signature"],
        provenance: row["provenance"], parameterCount: row["parameter_count"]),
      path: blobs.path(of: digest), description: row["description"], tags: tags)
  }
}
