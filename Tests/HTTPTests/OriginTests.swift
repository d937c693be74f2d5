import HTTP
import Testing

@Suite("Names of a server, and origins of web pages")
struct OriginTests {
  private let echo = ClosureHandler { _ in .text("hi") }

  private func status(
    _ handler: some Handler, _ headers: HeaderFields, _ method: HTTP.Method = .get, from address: String = "127.0.0.1:5"
  ) async throws -> Int {
    await handler.respond(to: try Request(method, "/", headers: headers, remoteAddress: address)).status.code
  }

  @Test(
    "loopback names are those that can mean nothing else",
    arguments: [
      ("localhost", true), ("LOCALHOST:8080", true), ("a.localhost", true), ("localhost.", true), ("127.0.0.1", true), ("127.9.9.9:1", true),
      ("[::1]:80", true),
      ("localhost.evil.org", false), ("evil.org", false), ("127.0.0.1.evil.org", false), ("0.0.0.0", false), ("[::]", false), ("128.0.0.1", false),
      ("notlocalhost", false), ("127.1", false),
    ])
  func loopback(text: String, isLoopback: Bool) throws {
    #expect(try #require(Authority(text)).isLoopback == isLoopback)
  }

  @Test("a name that is not the server's is answered 421")
  func hosts() async throws {
    let handler = echo.answering(to: try [HostPattern("models.example.org"), HostPattern("*.lab.org")])
    for host in [
      "localhost:8080", "127.0.0.1", "[::1]", "models.example.org", "Models.Example.org:443", "a.lab.org", "a.b.lab.org", "models.example.org.",
    ] {
      #expect(try await status(handler, ["Host": host]) == 200, "\(host)")
    }
    for host in ["evil.org", "lab.org", "xlab.org", "models.example.org.evil.org", "10.0.0.1"] {
      #expect(try await status(handler, ["Host": host]) == 421, "\(host)")
    }
    #expect(try await status(handler, ["Host": "evil.org"], from: "unix") == 200, "no browser speaks to a socket file")
    #expect(try await status(handler, [:]) == 200, "HTTP/1.0 of a health check")
    #expect(try await status(echo.answering(to: [HostPattern("*")]), ["Host": "evil.org"]) == 200)
  }

  @Test("what is no name of a host, or no origin, is refused with what is expected")
  func patterns() {
    for text in ["", "a:80", "a:", "a/b", "*a", "a.*", "*.*", "http://a"] { #expect(throws: HostPattern.Invalid.self) { try HostPattern(text) } }
    for text in ["", "null", "a", "ftp://a", "http://", "http://a/", "http://a/b", "http://a b", "://a"] {
      #expect(throws: Origin.Invalid.self) { try OriginPattern(text) }
    }
  }

  @Test("where no key is needed, requests that pages of others caused are refused")
  func foreign() async throws {
    let handler = echo.shared(with: [], refusesOthers: true)
    let refused: [HeaderFields] = [
      ["Host": "localhost:8080", "Origin": "http://evil.org"], ["Host": "localhost:8080", "Origin": "null"],
      ["Host": "localhost:8080", "Origin": "http://localhost:3000"], ["Host": "localhost:8080", "Origin": "http://localhost"],
      ["Host": "localhost:8080", "Sec-Fetch-Site": "cross-site"],
      ["Host": "localhost:8080", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"],
    ]
    for headers in refused { #expect(try await status(handler, headers) == 403, "\(headers)") }
    let passed: [HeaderFields] = [
      ["Host": "localhost:8080"], ["Host": "localhost:8080", "Origin": "http://localhost:8080"], ["Host": "a", "Origin": "http://a:80"],
      ["Host": "a", "Origin": "https://a"], ["Host": "a", "Sec-Fetch-Site": "same-origin"], ["Host": "a", "Sec-Fetch-Site": "none"],
      ["Host": "a", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"],
    ]
    for headers in passed { #expect(try await status(handler, headers) == 200, "\(headers)") }
    let navigation: HeaderFields = ["Host": "a", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"]
    #expect(try await status(handler, navigation, .post) == 403, "a form that a page sends")
    let keyed = echo.shared(with: [], refusesOthers: false)
    for headers in refused { #expect(try await status(keyed, headers) == 200, "no page has the key: \(headers)") }
  }

  @Test("pages of an allowed origin get what browsers ask for")
  func shared() async throws {
    let handler = echo.shared(with: [try OriginPattern("https://app.example.org")], refusesOthers: true)
    let answer = await handler.respond(
      to: try Request(.post, "/", headers: ["Host": "a", "Origin": "https://app.example.org", "Sec-Fetch-Site": "cross-site"]))
    #expect(answer.status == .ok && answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org")
    #expect(answer.headers["Access-Control-Expose-Headers"] == "*" && answer.headers.values(of: "Vary") == ["Origin"])
    let preflight = await handler.respond(
      to: try Request(
        .options, "/",
        headers: [
          "Host": "a", "Origin": "https://app.example.org", "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization, content-type",
        ]))
    #expect(preflight.status == .noContent && preflight.headers["Access-Control-Allow-Headers"] == "authorization, content-type")
    #expect(preflight.headers["Access-Control-Allow-Methods"]?.contains("POST") == true)
    #expect(try await status(handler, ["Host": "a", "Origin": "https://app.example.org:444"]) == 403)
    #expect(try await status(handler, ["Host": "a", "Origin": "http://app.example.org"]) == 403)
    let plain = await handler.respond(to: try Request(.get, "/", headers: ["Host": "a"]))
    #expect(plain.headers["Vary"] == "Origin" && plain.headers["Access-Control-Allow-Origin"] == nil)
    let open = echo.shared(with: [.any], refusesOthers: true)
    #expect(try await status(open, ["Host": "a", "Origin": "null"]) == 200)
    #expect(try await status(open, ["Host": "a", "Sec-Fetch-Site": "cross-site"]) == 200)
  }
}
