internal import Formats
internal import HTTP
internal import Registry

extension Application {
  private struct AliasTarget: Decodable {
    let version: Int
    let from: Int?
    let reason: String?
  }

  /// PUT /v1/admin/models/{name}/aliases/{alias}
  func moveAlias(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let target = try StrictJSON.decode(AliasTarget.self, from: try await request.body.collect(upTo: 1 << 16))
    let (name, alias) = (request.parameter("name"), request.parameter("alias"))
    let move = try await storeLanes.run { [store] in
      try store.moveAlias(
        alias, of: name, to: target.version, from: target.from, reason: target.reason ?? "", actor: caller.principal)
    }
    return .json(
      .record([
        "model": .string(name), "alias": .string(alias), "version": .integer(target.version),
        "from": .integer(orNull: move == nil ? target.version : move?.from), "moved": .bool(move != nil),
      ]))
  }

  /// DELETE /v1/admin/models/{name}/aliases/{alias}
  func deleteAlias(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("reason")
    let (name, alias, reason) = (request.parameter("name"), request.parameter("alias"), request.query["reason"] ?? "")
    _ = try await storeLanes.run { [store] in try store.deleteAlias(alias, of: name, reason: reason, actor: caller.principal) }
    return Response(.noContent)
  }

  /// GET /v1/admin/models/{name}/aliases/{alias}/history: newest first.
  func aliasHistory(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let (name, alias) = (request.parameter("name"), request.parameter("alias"))
    let moves = try await storeLanes.run { [store] in try store.aliasHistory(alias, of: name) }
    let history = moves.map { move in
      JSONValue.record([
        "from": .integer(orNull: move.from), "to": .integer(orNull: move.to), "reason": .string(move.reason), "actor": .string(move.actor),
        "key": .string(orNull: move.key),
        "time": .string(move.time.description),
      ])
    }
    return .json(.record(["model": .string(name), "alias": .string(alias), "history": .array(history)]))
  }

  /// DELETE /v1/admin/models/{name}/versions/{version}
  func deleteVersion(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let (name, version) = (request.parameter("name"), try request.version)
    let unneeded = try await storeLanes.run { [store] in try store.deleteVersion(version, of: name, actor: caller.principal) }
    if let unneeded { models.forget(unneeded) }
    return Response(.noContent)
  }
}

extension Request {
  /// The number in the path.
  var version: Int {
    get throws {
      let text = parameter("version")
      guard let version = Int(text), version > 0 else {
        throw Problem(.malformed, "\"\(text)\" is no version, expected a number from 1.", field: "version", given: text, expected: "a number from 1")
      }
      return version
    }
  }
}
