import HTTP
import Testing

@Suite("The router")
struct RouterTests {
  private let router: Router = {
    var router = Router { Response($0.status, headers: $0.headers, body: .bytes(Array("refused: \($0.detail)".utf8))) }
    router.add(.get, "/") { _ in .text("root") }
    router.add(.get, "/v1/models") { _ in .text("list") }
    router.add(.get, "/v1/models/{model}") { .text("one \($0.parameters["model"] ?? "-") \($0.route ?? "-")") }
    router.add(.get, "/v1/models/special") { _ in .text("special") }
    router.add(.post, "/v1/models/{model}/sample", bodyLimit: 3) { .text("sample \($0.parameters["model"] ?? "-")") }
    router.add(.delete, "/v1/models/{name}/versions/{version}") { .text("\($0.parameters["name"] ?? "-") \($0.parameters["version"] ?? "-")") }
    return router
  }()

  private func answer(_ method: Method, _ target: String, body: [UInt8] = []) async throws -> (status: Int, body: String, allow: String?) {
    let response = await router.respond(to: try Request(method, target, body: body))
    return (response.status.code, String(decoding: try await response.body.collect(), as: UTF8.self), response.headers["Allow"])
  }

  @Test(
    "finds literals before parameters, and names what the parameters held",
    arguments: [
      (Method.get, "/", "root"), (.get, "/v1/models", "list"), (.get, "/v1/models/special", "special"),
      (.get, "/v1/models/vae@3", "one vae@3 /v1/models/{model}"), (.get, "/v1/models/a%2Fb", "one a/b /v1/models/{model}"),
      (.post, "/v1/models/special/sample", "sample special"), (.delete, "/v1/models/a/versions/7?x=y", "a 7"),
      (.head, "/v1/models", "list"),
    ])
  func finds(method: Method, target: String, expected: String) async throws {
    let answer = try await answer(method, target)
    #expect(answer.status == 200)
    #expect(answer.body == expected)
  }

  @Test(
    "answers 404 for a path that it does not know, however close",
    arguments: [
      "/v1", "/v1/", "/v1/models/", "/v1//models", "//v1/models", "/v1/models/a/sample/", "/V1/models", "/v1%2Fmodels", "/v1/models/a/b",
    ])
  func notFound(target: String) async throws {
    #expect(try await answer(.get, target).status == 404)
  }

  @Test("answers 405 with Allow for a method that a known path lacks, and OPTIONS with Allow")
  func methods() async throws {
    let refused = try await answer(.delete, "/v1/models")
    #expect(refused.status == 405)
    #expect(refused.allow == "GET, HEAD, OPTIONS")
    #expect(refused.body == "refused: DELETE is not possible here; GET, HEAD, OPTIONS are.")
    #expect(try await answer(.head, "/v1/models/a/sample").status == 405)
    let options = try await answer(.options, "/v1/models/a/sample")
    #expect(options.status == 204 && options.allow == "OPTIONS, POST" && options.body.isEmpty)
    let all = try await answer(.options, "*")
    #expect(all.status == 204 && all.allow == "DELETE, GET, HEAD, OPTIONS, POST")
  }

  @Test("refuses a declared body over the route's limit before the handler runs")
  func bodyLimit() async throws {
    #expect(try await answer(.post, "/v1/models/a/sample", body: [1, 2, 3]).status == 200)
    #expect(try await answer(.post, "/v1/models/a/sample", body: [1, 2, 3, 4]).status == 413)
  }

  @Test("lists its routes, sorted")
  func routes() {
    #expect(
      router.routes.map { "\($0.method) \($0.pattern)" } == [
        "GET /", "GET /v1/models", "GET /v1/models/special", "GET /v1/models/{model}", "POST /v1/models/{model}/sample",
        "DELETE /v1/models/{name}/versions/{version}",
      ])
  }

  @Test("is a handler like any other, and can be decorated")
  func decoration() async throws {
    let decorated = router.decorated { request, next in
      var response = await next.respond(to: request)
      response.headers["X-Seen"] = request.target
      return response
    }
    #expect(await decorated.respond(to: try Request(.get, "/v1/models")).headers["x-seen"] == "/v1/models")
  }
}
