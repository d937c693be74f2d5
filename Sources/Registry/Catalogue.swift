import Formats
import GRDB

/// All models, versions and aliases at one moment, in memory: what requests are answered from, without SQL.
struct Catalogue: Sendable {
  /// Counts the changes in the database; of two catalogues the one with the greater number is the newer.
  let generation: Int
  private let models: [String: Model]
  /// Sorted.
  private let names: [String]

  init(_ database: Database, blobs: BlobFolder) throws {
    generation = try Self.generation(database)

    var versions: [String: [ModelVersion]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT model, version, versions.digest, byte_count, format, family, configuration, signature, provenance, parameter_count,
          versions.created_at
        FROM versions JOIN blobs ON blobs.digest = versions.digest ORDER BY model, version
        """)
    while let row = try rows.next() {
      let version = try ModelVersion(row, blobs: blobs)
      versions[version.name, default: []].append(version)
    }

    var aliases: [String: [Alias]] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT model, alias, version, updated_at FROM aliases ORDER BY model, alias") {
      aliases[row["model"], default: []].append(Alias(name: row["alias"], version: row["version"], updatedAt: try row.parse("updated_at")))
    }

    let all = try Row.fetchAll(database, sql: "SELECT name, description, created_at FROM models ORDER BY name").map { row in
      let name: String = row["name"]
      return Model(
        name: name, description: row["description"], createdAt: try row.parse("created_at"), versions: versions[name] ?? [],
        aliases: aliases[name] ?? [])
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

  func page(after name: String?, limit: Int) -> Page<Model> {
    let start = name.map { name in names.firstIndex { $0 > name } ?? names.endIndex } ?? names.startIndex
    return Page(names[start...].prefix(limit + 1).compactMap { models[$0] }, limit: limit, token: \.name)
  }
}

extension ModelVersion {
  fileprivate init(_ row: Row, blobs: BlobFolder) throws {
    let digest: Digest = try row.parse("digest")
    self.init(
      name: row["model"], version: row["version"], digest: digest, byteCount: row["byte_count"], createdAt: try row.parse("created_at"),
      facts: ModelFacts(
        format: row["format"], family: row["family"], configuration: row["configuration"], signature: row["signature"],
        provenance: row["provenance"], parameterCount: row["parameter_count"]),
      path: blobs.path(of: digest))
  }
}
