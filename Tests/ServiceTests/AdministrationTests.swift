import Formats
import HTTP
import Registry
import Service
import Testing

@Suite("Administration over HTTP")
struct AdministrationTests {
  let fixture: ServiceFixture

  init() throws { fixture = try ServiceFixture() }

  private func send(_ method: HTTP.Method, _ target: String, _ json: String = "", key: String = ServiceFixture.key) async throws -> Exchange {
    try await fixture.exchange(method, target, body: Array(json.utf8), key: key, from: "192.0.2.9:4000")
  }

  @Test("a merge patch changes what it names, removes what is null and leaves the rest")
  func annotations() async throws {
    let first = try await send(.patch, "/v1/admin/models/toy", #"{"description": "numbers", "tags": {"team": "maths", "stage": "trial"}}"#)
    #expect(first.status == 200, "\(first.text)")
    let second = try await send(.patch, "/v1/admin/models/toy", #"{"tags": {"stage": null, "team": "physics"}}"#)
    #expect(try second.member("description")?.string == "numbers")
    #expect(try second.member("tags") == .object([.init(name: "team", value: .string("physics"))]))
    let version = try await send(.patch, "/v1/admin/models/toy/versions/1", #"{"description": "the first", "tags": {"data": "2026"}}"#)
    #expect(version.status == 200, "\(version.text)")
    let shown = try await fixture.get("/v1/models/toy")
    #expect(try shown.member("tags", "team")?.string == "physics")
    #expect(try shown.member("versions")?.elements.first?["tags"]?["data"]?.string == "2026")
    #expect(try await send(.patch, "/v1/admin/models/toy", #"{"description": null}"#).member("description")?.string == "")
  }

  @Test(
    "a patch that can't be is refused with the field at fault",
    arguments: [
      (#"{"name": "other"}"#, "name", 422), (#"{"description": 3}"#, "description", 422), (#"{"tags": []}"#, "tags", 422),
      (#"{"tags": {"a": 3}}"#, "tags.a", 422), (#"{"tags": {"a=b": "c"}}"#, "tags", 422), ("[]", nil, 422), ("{", nil, 400),
    ])
  func badAnnotations(_ body: String, _ field: String?, _ status: Int) async throws {
    for target in ["/v1/admin/models/toy", "/v1/admin/models/toy/versions/1"] {
      let answer = try await send(.patch, target, body)
      #expect(answer.status == status, "\(answer.text)")
      #expect(try field == nil || answer.member("field")?.string == field)
    }
    #expect(try await send(.patch, "/v1/admin/models/nobody", "{}").status == 404)
    #expect(try await send(.patch, "/v1/admin/models/toy/versions/7", "{}").status == 404)
    #expect(try await send(.patch, "/v1/admin/models/toy/versions/x", "{}").status == 400)
  }

  @Test("lists of models are searched by words, tags and family")
  func search() async throws {
    _ = try await send(.patch, "/v1/admin/models/toy", #"{"description": "Linear decoder", "tags": {"team": "maths", "k": "a=b"}}"#)
    func names(_ query: String) async throws -> [String?] {
      try await fixture.get("/v1/models?\(query)").member("models")?.elements.map { $0["name"]?.string } ?? ["none"]
    }
    #expect(try await names("search=LINEAR") == ["toy"])
    #expect(try await names("tag=team") == ["toy"])
    #expect(try await names("tag=team%3Dmaths&tag=k%3Da%3Db") == ["toy"])
    #expect(try await names("tag=team%3Dmaths&tag=k%3Dc") == [])
    #expect(try await names("family=toy") == ["toy"])
    #expect(try await names("family=vae&limit=2") == ["colours", "pictures"])
    #expect(try await fixture.get("/v1/models?search=a&search=b").status == 400)
  }

  @Test("a key is made with what was asked; what makes no sense is refused with the field at fault")
  func keys() async throws {
    let body = #"{"name": "front end", "scopes": ["infer", "metrics"], "models": ["toy"], "expires_at": "2036-01-31T13:00:00+01:00"}"#
    let created = try await send(.post, "/v1/admin/keys", body)
    #expect(created.status == 201, "\(created.text)")
    #expect(try created.member("scopes")?.elements.compactMap(\.string) == ["infer", "metrics"])
    #expect(try created.member("models")?.elements.compactMap(\.string) == ["toy"])
    #expect(try created.member("expires_at")?.string == "2036-01-31T12:00:00.000Z")
    #expect(try await send(.post, "/v1/admin/keys", body).status == 409)
    for (wrong, field) in [
      (#"{"name": "", "scopes": ["infer"]}"#, "name"), (#"{"name": "a", "scopes": []}"#, "scopes"), (#"{"name": "a"}"#, "scopes"),
      (#"{"name": "a", "scopes": ["infer", "root"]}"#, "scopes[1]"), (#"{"name": "a", "scopes": ["infer"], "expires_at": "soon"}"#, "expires_at"),
      (#"{"name": "a", "scopes": ["infer"], "expires_at": "2020-01-01T00:00:00Z"}"#, "expires_at"),
      (#"{"name": "a", "scopes": ["admin"], "models": ["toy"]}"#, "models"), (#"{"name": "a", "scopes": ["infer"], "more": 1}"#, "more"),
    ] {
      let refused = try await send(.post, "/v1/admin/keys", wrong)
      #expect(refused.status == 422, "\(refused.text)")
      #expect(try refused.member("field")?.string == field, "\(refused.text)")
    }
    #expect(try await send(.post, "/v1/admin/keys", #"{"name": "a", "scopes": ["infer"], "models": ["A B"]}"#).status == 400)
    #expect(try fixture.store.keys().items.count == 1)
  }

  @Test("the change log tells who did what from where, a page at a time")
  func changes() async throws {
    let key = try fixture.store.createKey(named: "ann", scopes: [.admin], actor: "test")
    #expect(
      try await fixture.exchange(.post, "/v1/admin/models/toy/versions", body: ModelFiles.vector, key: key.secret, from: "[::1]:7").status == 201)
    #expect(try await send(.put, "/v1/admin/models/toy/aliases/live", #"{"version": 2, "reason": "better"}"#, key: key.secret).status == 200)
    #expect(try await send(.delete, "/v1/admin/models/toy/versions/1").status == 204)
    let page = try await send(.get, "/v1/admin/changes?limit=3")
    let entries = try page.member("entries")?.elements ?? []
    #expect(entries.map { $0["action"]?.string } == ["version.delete", "alias.move", "version.publish"])
    #expect(entries.map { $0["actor"]?.string } == ["admin", "ann", "ann"])
    #expect(entries.map { $0["key"]?.string } == ["admin", key.key.id, key.key.id])
    #expect(entries.map { $0["address"]?.string } == ["192.0.2.9", "192.0.2.9", "::1"])
    #expect(entries[1]["detail"]?["reason"]?.string == "better" && entries[1]["target"]?.string == "toy@live")
    let token = try #require(try page.member("next_page_token")?.string)
    let next = try await send(.get, "/v1/admin/changes?limit=3&page_token=\(token)")
    #expect(try next.member("entries")?.elements.first?["action"]?.string == "key.create")
    // The path that it had before an audit meant an attack alone.
    #expect(try await send(.get, "/v1/admin/audit?limit=3").body == page.body)
    let filtered = try await send(.get, "/v1/admin/changes?action=alias.move&target=toy@live&key=\(key.key.id)&since=2020-01-01T00:00:00Z")
    #expect(try filtered.member("entries")?.elements.count == 1)
    for query in ["since=yesterday", "page_token=x", "limit=0", "more=1"] {
      #expect(try await send(.get, "/v1/admin/changes?\(query)").status == 400)
    }
    let history = try await send(.get, "/v1/admin/models/toy/aliases/live/history")
    #expect(try history.member("history")?.elements.first?["key"]?.string == key.key.id)
  }

  @Test("an alias that somebody moved meanwhile is not moved from where it no longer is")
  func expectedPlace() async throws {
    #expect(try await fixture.upload(ModelFiles.vector, as: "toy").status == 201)
    let refused = try await send(.put, "/v1/admin/models/toy/aliases/live", #"{"version": 1, "from": 1}"#)
    #expect(refused.status == 409 && refused.text.contains("meanwhile"), "\(refused.text)")
    #expect(try await send(.put, "/v1/admin/models/toy/aliases/live", #"{"version": 1, "from": 2}"#).member("from")?.integer == 2)
  }

  @Test("the same bytes uploaded by many at once are one version and one file")
  func concurrentUploads() async throws {
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { try await fixture.upload(ModelFiles.toy, as: "many").status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.sorted() == [200, 200, 200, 200, 200, 200, 200, 201])
    #expect(try fixture.store.model(named: "many").versions.count == 1)
    #expect(try fixture.content.filter { $0.hasPrefix("uploads/") }.isEmpty)
    #expect(try fixture.content.filter { $0.hasSuffix(SHA256.digest(ModelFiles.toy).hex) }.count == 1)
    #expect(try fixture.store.changes().items.filter { $0.target == "many@1" }.count == 1)
  }
}
