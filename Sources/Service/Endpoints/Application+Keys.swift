internal import Formats
internal import HTTP
internal import Registry

extension Application {
  private struct KeyRequest: Decodable {
    let name: String
    let scopes: [String]
    let models: [String]?
    let expires_at: Timestamp?
  }

  /// GET /v1/admin/keys: in the order they were made, without their secrets.
  func listKeys(_ request: Request) async throws -> Response {
    try request.checkQuery("page_token", "limit")
    let (token, limit) = (request.query["page_token"], try request.integer("limit") ?? limits.pageEntries)
    let page = try await storeLanes.run { [store] in try store.keys(pageToken: token, limit: limit) }
    let now = Timestamp.now
    return .json(
      .record([
        "keys": .array(page.items.map { .object(Self.members($0, at: now)) }), "next_page_token": .string(orNull: page.nextPageToken),
      ]))
  }

  /// POST /v1/admin/keys: the only answer that ever holds the secret.
  func createKey(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let wanted = try StrictJSON.decode(KeyRequest.self, from: try await request.body.collect(upTo: 1 << 20))
    let scopes = try wanted.scopes.enumerated().map { index, name in
      guard let scope = KeyScope(rawValue: name) else {
        let expected = "one of " + KeyScope.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem(
          .impossible, "scopes[\(index)] is \"\(name.prefix(80))\", expected \(expected).", field: "scopes[\(index)]", given: name, expected: expected
        )
      }
      return scope
    }
    let issued = try await storeLanes.run { [store] in
      try store.createKey(
        named: wanted.name, scopes: Set(scopes), models: wanted.models, expiresAt: wanted.expires_at, actor: caller.principal)
    }
    return Self.answer(issued)
  }

  /// A key that was just made, with its secret.
  static func answer(_ issued: IssuedKey) -> Response {
    let members = members(issued.key, at: .now) + [.init(name: "secret", value: .string(issued.secret))]
    var response = Response.json(.object(members), status: .created)
    response.headers["Cache-Control"] = "no-store"
    return response
  }

  /// DELETE /v1/admin/keys/{id}: at once, and for good.
  func revokeKey(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    guard id != "admin" else {
      throw Problem(.conflict, "The store's own key is not revoked: replace admin.key in the store's folder and start the server again.")
    }
    _ = try await storeLanes.run { [store] in try store.revokeKey(id, actor: caller.principal) }
    return Response(.noContent)
  }

  private static func members(_ key: AccessKey, at now: Timestamp) -> [JSONValue.Member] {
    [
      .init(name: "id", value: .string(key.id)), .init(name: "name", value: .string(key.name)),
      .init(name: "scopes", value: .strings(KeyScope.allCases.filter(key.scopes.contains).map(\.rawValue))),
      .init(name: "models", value: key.models.map { .strings($0) } ?? .null),
      .init(name: "state", value: .string(key.state(at: now).rawValue)),
      .init(name: "created_at", value: .string(key.createdAt.description)),
      .init(name: "expires_at", value: .string(orNull: key.expiresAt?.description)),
      .init(name: "revoked_at", value: .string(orNull: key.revokedAt?.description)),
      .init(name: "last_used_at", value: .string(orNull: key.lastUsedAt?.description)),
    ]
  }
}
