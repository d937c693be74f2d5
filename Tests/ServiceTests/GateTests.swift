import HTTP
import Service
import Testing

@Suite("Keys")
struct GateTests {
  @Test("admin needs the key: none is 401 with a challenge, a wrong one 403")
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
        #expect(wrong.status == 403)
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
    #expect(page.status == 200 && !page.text.contains("pictures"))
  }
}
