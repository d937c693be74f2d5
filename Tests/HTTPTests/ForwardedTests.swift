import HTTP
import Testing

@Suite("Requests through proxies")
struct ForwardedTests {
  /// The client, the scheme and the prefix that a handler sees.
  private func seen(_ headers: HeaderFields, from address: String = "10.0.0.1:5", trusting proxies: [String] = ["10.0.0.0/8", "fd00::1", "unix"])
    async throws
    -> String
  {
    let handler = ClosureHandler { request in .text("\(request.remoteAddress) \(request.isSecure) \(request.prefix)") }
    let answer = await handler.trusting(try proxies.map { try ProxyPattern($0) }).respond(
      to: try Request(.get, "/", headers: headers, remoteAddress: address))
    return String(decoding: try await answer.body.collect(), as: UTF8.self)
  }

  @Test("name their client where the proxy is trusted, and only there")
  func client() async throws {
    #expect(try await seen(["X-Forwarded-For": "192.0.2.7"]) == "192.0.2.7:0 false ")
    #expect(try await seen(["X-Forwarded-For": "192.0.2.7"], from: "11.0.0.1:5") == "11.0.0.1:5 false ", "a stranger's word counts for nothing")
    #expect(try await seen([:]) == "10.0.0.1:5 false ")
    #expect(try await seen(["X-Forwarded-For": "192.0.2.7"], from: "unix") == "192.0.2.7:0 false ")
    #expect(try await seen(["X-Forwarded-For": "192.0.2.7"], from: "[fd00::1]:5") == "192.0.2.7:0 false ")
    #expect(try await seen(["X-Forwarded-For": "192.0.2.7"], from: "[fd00::2]:5") == "[fd00::2]:5 false ")
  }

  @Test(
    "the last address that is no trusted proxy is the client, so that nobody can claim to be another",
    arguments: [
      ("X-Forwarded-For", "1.1.1.1, 192.0.2.7", "192.0.2.7:0"), ("X-Forwarded-For", "1.1.1.1, 192.0.2.7, 10.9.9.9", "192.0.2.7:0"),
      ("X-Forwarded-For", "10.1.1.1, 10.2.2.2", "10.1.1.1:0"), ("X-Forwarded-For", "192.0.2.7, nonsense", "10.0.0.1:5"),
      ("X-Forwarded-For", "nonsense, 192.0.2.7", "192.0.2.7:0"), ("X-Forwarded-For", "192.0.2.7:4711", "192.0.2.7:0"),
      ("X-Forwarded-For", "2001:db8::1", "[2001:db8::1]:0"), ("X-Forwarded-For", "[2001:db8::1]:80", "[2001:db8::1]:0"),
      ("X-Forwarded-For", "", "10.0.0.1:5"),
      ("Forwarded", "for=192.0.2.7;proto=http", "192.0.2.7:0"), ("Forwarded", "for=1.1.1.1, For=\"[2001:db8::1]:80\"", "[2001:db8::1]:0"),
      ("Forwarded", "for=192.0.2.7, for=unknown", "10.0.0.1:5"), ("Forwarded", "for=_hidden, for=192.0.2.7", "192.0.2.7:0"),
      ("Forwarded", "by=1.1.1.1", "10.0.0.1:5"),
    ])
  func chain(field: String, value: String, client: String) async throws {
    #expect(try await seen([field: value]).hasPrefix(client + " "))
  }

  @Test("scheme and prefix are the client's, and a prefix that is no path is passed over")
  func schemeAndPrefix() async throws {
    #expect(try await seen(["X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/a/b/"]) == "10.0.0.1:5 true /a/b")
    #expect(try await seen(["Forwarded": "for=1.1.1.1;proto=https"]) == "1.1.1.1:0 true ")
    for prefix in ["a", "/../a", "/\"><script>", "/a b", "//a.org/%2f"] {
      #expect(try await seen(["X-Forwarded-Prefix": prefix]).contains("<") == false)
    }
    #expect(try await seen(["X-Forwarded-Prefix": "/\"><script>"]) == "10.0.0.1:5 false ")
  }

  @Test("what is no address or network is refused")
  func patterns() throws {
    for text in ["", "a", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "10.0.0.1:80", "10.0.0.0/"] {
      #expect(throws: ProxyPattern.Invalid.self) { try ProxyPattern(text) }
    }
    #expect(try ProxyPattern("0.0.0.0/0").matches("1.2.3.4") && !ProxyPattern("0.0.0.0/0").matches("::1"))
    #expect(try ProxyPattern("10.0.0.0/9").matches("10.127.0.1") && !ProxyPattern("10.0.0.0/9").matches("10.128.0.1"))
  }

  @Test("below a path a server answers with and without it, and names it in addresses")
  func prefix() async throws {
    var router = Router()
    router.add(.get, "/") { request in .text("root \(request.prefix)") }
    router.add(.get, "/v1/{name}") { request in Response(.created, headers: ["Location": "/v1/\(request.parameters["name"] ?? "")"]) }
    let handler = router.below("/a/b/")
    for target in ["/a/b/v1/x", "/v1/x"] {
      #expect(await handler.respond(to: try Request(.get, target)).headers["Location"] == "/a/b/v1/x", "\(target)")
    }
    for target in ["/", "/a/b", "/a/b/"] {
      let answer = await handler.respond(to: try Request(.get, target))
      #expect(try await answer.body.collect() == Array("root /a/b".utf8), "\(target)")
    }
    #expect(await handler.respond(to: try Request(.get, "/a/v1/x")).status == .notFound)
    #expect(await router.below("").respond(to: try Request(.get, "/v1/x")).headers["Location"] == "/v1/x")
  }
}
