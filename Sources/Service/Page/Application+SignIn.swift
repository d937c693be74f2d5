internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// What the names of keys begin with that links were traded for.
  private static let keyName = "page "

  /// POST /v1/admin/links: a link that signs a browser in, once.
  func makeLink(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let host = request.headers["Host"] ?? "127.0.0.1"
    let link = signInLink(at: "\(request.isSecure ? "https" : "http")://\(host)\(request.prefix)")
    let end = Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(SignInLinks.lifetime / .milliseconds(1)))
    var response = Response.json(.record(["link": .string(link), "expires_at": .string(end.description)]), status: .created)
    response.headers["Cache-Control"] = "no-store"
    return response
  }

  /// Signs in who opens it first, within `SignInLinks.lifetime`.
  ///
  /// The token stands in the fragment, which no browser sends anywhere: neither logs nor other pages see it.
  package func signInLink(at origin: String) -> String { "\(origin)/#/sign-in/\(links.make())" }

  private struct SignInRequest: Decodable {
    let token: String
  }

  /// POST /v1/sign-in: trades the token of a link for a key that ends after half a day, or when the page signs out.
  func signIn(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let sent = try StrictJSON.decode(SignInRequest.self, from: try await request.body.collect(upTo: 1 << 16))
    guard links.use(sent.token) else {
      throw Problem(
        .unauthenticated,
        "This link was used already, is older than an hour, or is of another start of the server; `posterior keys link` makes another.",
        field: "token", headers: ["WWW-Authenticate": "Bearer realm=\"posterior\""])
    }
    let end = Timestamp(milliseconds: Timestamp.now.milliseconds + Int64(SignInLinks.keyLifetime / .milliseconds(1)))
    // The name of every key is another one; the token's hash tells nothing of the token.
    let name = Self.keyName + SHA256.digest(Array(sent.token.utf8)).hex.prefix(8)
    let actor = Principal(name: "sign-in link", address: request.clientAddress)
    let issued = try await storeLanes.run { [store] in
      try store.createKey(named: name, scopes: Set(KeyScope.allCases), expiresAt: end, actor: actor)
    }
    return Self.answer(issued)
  }

  /// DELETE /v1/sign-in: the end of the key that asks, where a link was traded for it.
  func signOut(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let principal = caller.principal
    guard let id = principal.key, principal.name.hasPrefix(Self.keyName) else {
      throw Problem(.conflict, "Only keys that a sign-in link was traded for end by signing out; others are revoked under /v1/admin/keys.")
    }
    _ = try await storeLanes.run { [store] in try store.revokeKey(id, actor: principal) }
    return Response(.noContent)
  }
}
