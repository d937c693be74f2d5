import Formats
import HTTP
import Registry
import Service
import Testing

@Suite("Keys")
struct GateTests {
  @Test("admin needs the key: none is 401 with a challenge, a wrong one 401 with a reason")
  func admin() async throws {
    let fixture = try ServiceFixture()
    let content = try fixture.content
    for (method, target) in [
      (Method.post, "/v1/admin/models/m/versions"), (.delete, "/v1/admin/models/vector/versions/1"), (.put, "/v1/admin/models/vector/aliases/live"),
      (.delete, "/v1/admin/models/vector/aliases/live"), (.get, "/v1/admin/models/vector/aliases/live/history"),
    ] {
      let without = try await fixture.exchange(method, target, body: ModelFiles.toy)
      #expect(without.status == 401)
      #expect(without.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
      let other = try await fixture.exchange(method, target, ["Authorization": "Basic YTpi"], body: ModelFiles.toy)
      #expect(other.status == 401)
      for key in ["wrong", ServiceFixture.key + "x", String(ServiceFixture.key.dropLast())] {
        let wrong = try await fixture.exchange(method, target, body: ModelFiles.toy, key: key)
        #expect(wrong.status == 401)
        #expect(wrong.headers["WWW-Authenticate"]?.contains("error=\"invalid_token\"") == true)
        #expect(!wrong.text.contains(ServiceFixture.key))
      }
    }
    #expect(try fixture.content == content)
  }

  @Test("inference needs no key unless the server asks for one; liveness never does")
  func inference() async throws {
    let open = try ServiceFixture()
    #expect(try await open.post("/v1/models/toy/sample", json: "{}").status == 200)
    let closed = try ServiceFixture(requiresKeys: true)
    for target in ["/v1/models", "/v1/models/toy", "/v1/families", "/v1/runs", "/metrics"] {
      #expect(try await closed.get(target).status == 401)
      #expect(try await closed.get(target, key: ServiceFixture.key).status == 200)
    }
    #expect(try await closed.exchange(.post, "/v1/models/toy/sample").status == 401)
    #expect(try await closed.exchange(.post, "/v1/models/toy/sample", key: ServiceFixture.key).status == 200)
    #expect(try await closed.get("/healthz").status == 200)
    #expect(try await closed.get("/openapi.yaml").status == 200)
    let page = try await closed.get("/")
    #expect(page.status == 200 && !page.text.contains("toy"))
  }

  @Test("a challenge says what is wrong as RFC 6750 wants it")
  func challenges() async throws {
    let fixture = try ServiceFixture()
    let infer = try fixture.store.createKey(named: "i", scopes: [.infer], actor: "test").secret
    let none = try await fixture.get("/v1/admin/keys")
    #expect(none.headers["WWW-Authenticate"] == "Bearer realm=\"posterior\"")
    let lacking = try await fixture.get("/v1/admin/keys", key: infer)
    #expect(lacking.status == 403 && lacking.text.contains("admin"))
    #expect(lacking.headers["WWW-Authenticate"]?.contains("error=\"insufficient_scope\"") == true)
    #expect(lacking.headers["WWW-Authenticate"]?.hasSuffix("scope=\"admin\"") == true)
    for malformed in ["Bearer", "bearer a b", "Bearer  "] {
      let answer = try await fixture.get("/v1/admin/keys", ["Authorization": malformed])
      #expect(answer.status == 400 && answer.headers["WWW-Authenticate"]?.contains("error=\"invalid_request\"") == true, "\(malformed)")
    }
  }

  @Test("after ten wrong keys from one address the next are 429 with Retry-After; a right key passes, and other addresses are not concerned")
  func failures() async throws {
    let fixture = try ServiceFixture()
    func attempt(_ key: String, from address: String) async throws -> Exchange {
      try await fixture.exchange(.get, "/v1/admin/keys", key: key, from: address)
    }
    // More than the bucket holds, because it fills again while this runs.
    var statuses: [Int] = []
    var last: Exchange?
    while statuses.count < 200, statuses.last != 429 {
      let answer = try await attempt("wrong", from: "192.0.2.1:\(1000 + statuses.count)")
      statuses.append(answer.status)
      last = answer
    }
    #expect(statuses.prefix(10).allSatisfy { $0 == 401 } && statuses.last == 429)
    #expect(Int(last?.headers["Retry-After"] ?? "") ?? 0 >= 1)
    #expect(last?.headers["WWW-Authenticate"] == nil && last?.text.contains("wrong keys") == true)
    #expect(try await attempt(ServiceFixture.key, from: "192.0.2.1:5").status == 200)
    let issued = try fixture.store.createKey(named: "a", scopes: [.admin], actor: "test")
    #expect(try await attempt(issued.secret, from: "192.0.2.1:6").status == 200)
    #expect(try await attempt("wrong", from: "192.0.2.2:5").status == 401)
    // An IPv6 network of 64 bits is one client.
    for host in 1...10 { #expect(try await attempt("wrong", from: "[2001:db8::\(host)]:5").status == 401) }
    #expect(try await attempt("wrong", from: "[2001:db8:0:1::1]:5").status == 401)
  }

  @Test("a key revoked through this server stops working with the answer, and one made works with it")
  func revocation() async throws {
    let fixture = try ServiceFixture(requiresKeys: true)
    let body = Array(#"{"name": "front end", "scopes": ["infer"]}"#.utf8)
    let created = try await fixture.exchange(.post, "/v1/admin/keys", body: body, key: ServiceFixture.key)
    #expect(created.status == 201, "\(created.text)")
    #expect(created.headers["Cache-Control"] == "no-store")
    let (id, secret) = (try #require(try created.member("id")?.string), try #require(try created.member("secret")?.string))
    #expect(try await fixture.get("/v1/models", key: secret).status == 200)
    #expect(try await fixture.exchange(.delete, "/v1/admin/keys/\(id)", key: ServiceFixture.key).status == 204)
    let refused = try await fixture.get("/v1/models", key: secret)
    #expect(refused.status == 401 && refused.text.contains("revoked"))
    #expect(try await fixture.exchange(.delete, "/v1/admin/keys/\(id)", key: ServiceFixture.key).status == 204)
    #expect(try await fixture.exchange(.delete, "/v1/admin/keys/nobody", key: ServiceFixture.key).status == 404)
    #expect(try await fixture.exchange(.delete, "/v1/admin/keys/admin", key: ServiceFixture.key).status == 409)
    let listed = try await fixture.get("/v1/admin/keys", key: ServiceFixture.key)
    #expect(try listed.member("keys")?.elements.map { $0["state"]?.string } == ["revoked"])
    #expect(!listed.text.contains("secret") && !listed.text.contains(secret.suffix(64)))
  }
}
