internal import Formats
internal import HTTP
internal import Learning
internal import Modelling
internal import Optimisation
internal import Registry
internal import Robustness

extension Application {
  /// GET /v1/models
  func listModels(_ request: Request, _ caller: Caller) throws -> Response {
    try request.checkQuery(["search", "tag", "family", "page_token", "limit"], repeatable: ["tag"])
    var filter = ModelFilter()
    filter.search = request.query["search"]
    filter.family = request.query["family"]
    filter.names = caller.models
    for tag in request.query.values(of: "tag") {
      let parts = tag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      filter.tags[parts[0]] = .some(parts.count == 2 ? parts[1] : nil)
    }
    let page = try store.models(filter, pageToken: request.query["page_token"], limit: try request.integer("limit") ?? limits.pageEntries)
    return .json(.record(["models": .array(page.items.map(json)), "next_page_token": .string(orNull: page.nextPageToken)]))
  }

  /// A model as lists show it.
  func json(_ model: Model) -> JSONValue {
    let shown = model.live ?? model.versions.last
    return .record([
      "name": .string(model.name), "description": .string(model.description), "tags": .strings(model.tags),
      "created_at": .string(model.createdAt.description), "versions": .integer(model.versions.count),
      "latest_version": .integer(orNull: model.versions.last?.version), "live_version": .integer(orNull: model.live?.version),
      "family": .string(orNull: shown?.facts.family), "operations": shown.map { .strings(operations(of: $0)) },
      "parameter_count": .integer(orNull: shown?.facts.parameterCount), "digest": .string(orNull: shown?.digest.description),
      "failure": .string(
        orNull: model.live.flatMap { models.failure(of: $0) == nil ? nil : "its file can't be loaded; the server's log says why" }),
    ])
  }

  /// GET /v1/models/{model}: the model, and of the version that the reference means everything that is known.
  func showModel(_ request: Request) throws -> Response {
    try request.checkQuery()
    let model = try store.model(named: ModelReference(request.parameter("model")).name)
    // A model may have no live version yet; its bare name still shows it.
    let isBare = request.parameter("model") == model.name
    let version = isBare && model.live == nil ? nil : try store.resolve(request.parameter("model"))
    var members: [JSONValue.Member] = [
      .init(name: "name", value: .string(model.name)), .init(name: "description", value: .string(model.description)),
      .init(name: "tags", value: .strings(model.tags)),
      .init(name: "created_at", value: .string(model.createdAt.description)),
      .init(name: "aliases", value: .array(model.aliases.map(Self.json))),
      .init(name: "versions", value: .array(model.versions.map(Self.json))),
    ]
    if let version {
      members += [
        .init(name: "version", value: .integer(version.version)), .init(name: "digest", value: .string(version.digest.description)),
        .init(name: "family", value: .string(version.facts.family)),
        .init(name: "operations", value: .strings(operations(of: version))),
        .init(name: "parameter_count", value: .integer(version.facts.parameterCount)),
        .init(name: "signature", value: try JSONValue(parsing: Array(version.facts.signature.utf8))),
        .init(name: "configuration", value: try JSONValue(parsing: Array(version.facts.configuration.utf8))),
        .init(name: "provenance", value: try version.facts.provenance.map { try JSONValue(parsing: Array($0.utf8)) } ?? .null),
      ]
    } else {
      members.append(.init(name: "version", value: .null))
    }
    return .json(.object(members))
  }

  /// GET /v1/families
  func families(_ request: Request) throws -> Response {
    try request.checkQuery()
    let families = options.families.map { family in
      JSONValue.record([
        "name": .string(family.name), "summary": .string(family.summary), "task": .string(family.purpose.task.rawValue),
        "choose": .string(family.purpose.choice), "operations": .strings(RequestKind.names(offeredBy: family)),
        "configuration": .array(family.configurationFields.map(Self.json)),
        "training": family.trainable.map { .array($0.trainingFields.map(Self.json)) },
      ])
    }
    let operations = RequestKind.all.map { kind in
      JSONValue.record([
        "name": .string(kind.name), "summary": .string(kind.summary), "takes_items": .bool(kind.items != .references),
        "may_take_items": .bool(true), "fields": .array(kind.fields.map(Self.json)),
      ])
    }
    let audit = JSONValue.record([
      "name": .string(AuditRequest.name), "summary": .string(AuditRequest.summary), "fields": .array(AuditRequest.fields.map(Self.json)),
      "attack": .array(AuditPlan.table.fields.map(Self.json)),
    ])
    let streams = BitsOperation.allCases.map { operation in
      JSONValue.record([
        "name": .string(operation.name), "summary": .string(operation.summary), "fields": .array(operation.fields.map(Self.json)),
      ])
    }
    return .json(
      .record([
        "families": .array(families), "recipe": .array(Recipe.table.fields.map(Self.json)), "operations": .array(operations), "audit": audit,
        "streams": .array(streams),
      ]))
  }

  func operations(of version: ModelVersion) -> [String] {
    guard let family = options.families.first(where: { $0.name == version.facts.family }) else { return [] }
    // Few families make a difference, so that most signatures are not read for a list.
    let names = RequestKind.names(offeredBy: family) { condition in
      (try? StrictJSON.decode(Signature.self, from: Array(version.facts.signature.utf8))).map(condition.isMet) ?? false
    }
    guard names.contains(BitsOperation.compress.name) else { return names }
    let signature = try? StrictJSON.decode(Signature.self, from: Array(version.facts.signature.utf8))
    let isOffered = signature.map { BitsOperation.isOffered(by: family, configuration: Array(version.facts.configuration.utf8), signature: $0) }
    return isOffered == true ? names : names.filter { !BitsOperation.names.contains($0) }
  }

  static func json(_ version: ModelVersion) -> JSONValue {
    .record([
      "version": .integer(version.version), "digest": .string(version.digest.description), "family": .string(version.facts.family),
      "bytes": .integer(version.byteCount), "parameter_count": .integer(version.facts.parameterCount),
      "created_at": .string(version.createdAt.description), "description": .string(version.description), "tags": .strings(version.tags),
    ])
  }

  private static func json(_ alias: Alias) -> JSONValue {
    .record(["alias": .string(alias.name), "version": .integer(alias.version), "updated_at": .string(alias.updatedAt.description)])
  }

  private static func json(_ field: SettingField) -> JSONValue {
    .record([
      "name": .string(field.name), "type": .string(field.schema.words), "default": .string(orNull: field.defaultText),
      "summary": .string(field.summary), "schema": field.json,
    ])
  }
}

extension Response {
  static func json(_ value: JSONValue, status: Status = .ok) -> Response { .bytes(value.text, type: MediaType.json.name, status: status) }
}
