import HTTP
import Testing

@Suite("A server on a socket")
struct ServerTests {
  @Test("answers several requests on one connection", arguments: [1, 2])
  func keepsAlive(loops: Int) async throws {
    try await withServer(.target, loops: loops) { _, address in
      let client = try TestClient(address)
      for target in ["/a", "/b", "/c"] {
        await client.send(request("GET", target))
        let response = try #require(await client.response())
        #expect(response.status == 200)
        #expect(response.body == target)
        #expect(response["content-length"] == "2")
        #expect(response["connection"] == nil)
        #expect(response["date"]?.hasSuffix(" GMT") == true)
        #expect(response["x-content-type-options"] == "nosniff")
      }
    }
  }

  @Test("answers pipelined requests in order, a slow one first")
  func pipelines() async throws {
    let handler = ClosureHandler { request in
      if request.target == "/slow" { try? await Task.sleep(for: .milliseconds(50)) }
      return .text(request.target)
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/slow") + request("POST", "/b", body: "unread") + request("GET", "/c"))
      for target in ["/slow", "/b", "/c"] { #expect(await client.response()?.body == target) }
    }
  }

  @Test("reads chunked bodies, however they are cut")
  func chunkedUpload() async throws {
    // Under a sanitizer a hundred separate writes outlast the usual patience.
    var limits = Limits()
    limits.headerTime = .seconds(600)
    limits.bodyInactivity = .seconds(600)
    try await withServer(.echo, limits: limits) { _, address in
      let client = try TestClient(address)
      let bytes = Array((request("POST", "/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nA: b\r\n\r\n").utf8)
      for piece in bytes.byteByByte { await client.send(Array(piece)) }
      #expect(await client.response()?.body == "hello, world")
      await client.send(bytes)
      #expect(await client.response()?.body == "hello, world")
    }
  }

  @Test("hands on the fields behind a chunked body, of this request and of no other")
  func trailers() async throws {
    let handler = ClosureHandler { request in
      do { return .bytes(try await request.body.collect(), type: "text/plain") } catch { return Refusal.plainText(Refusal(error)) }
    }
    try await withServer(handler.checkingDigests()) { _, address in
      let client = try TestClient(address)
      // echo -n hello | openssl dgst -sha256 -binary | base64
      let digest = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
      func post(_ body: String, _ trailer: String) -> String {
        request("POST", "/", "Transfer-Encoding: chunked\r\n") + "5\r\n\(body)\r\n0\r\n\(trailer)\r\n"
      }
      let exchanges = [
        ("hello", "Content-Digest: \(digest)\r\n", 200), ("Hello", "Content-Digest: \(digest)\r\n", 400), ("Hello", "A: b\r\n", 200),
        ("Hello", "", 200),
      ]
      for (body, trailer, status) in exchanges {
        await client.send(post(body, trailer))
        #expect(await client.response()?.status == status, "\(body) \(trailer)")
      }
    }
  }

  @Test("sends 100 Continue when the handler reads the body, and only then")
  func continues() async throws {
    let handler = ClosureHandler { request in
      request.target == "/read" ? await ClosureHandler.echo.respond(to: request) : .text("no", status: .forbidden)
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send("POST /read HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      #expect(await client.response()?.status == 100)
      await client.send("hi")
      #expect(await client.response()?.body == "hi")
      // Refused unread: whether a body follows is the client's choice, so the connection can't be used again.
      await client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      let refused = try #require(await client.response())
      #expect(refused.status == 403)
      #expect(refused["connection"] == "close")
      #expect(await client.isEnded())
    }
  }

  @Test("answers HEAD, 204 and 304 without a body and stays in step")
  func bodilessAnswers() async throws {
    var router = Router()
    router.add(.get, "/a") { _ in .text("hello") }
    router.add(.get, "/empty") { _ in Response(.noContent, body: .bytes([1, 2, 3])) }
    router.add(.get, "/same") { _ in Response(.notModified, headers: ["ETag": "\"x\""], body: .bytes([1, 2, 3])) }
    router.add(.get, "/stream") { _ in Response(body: .stream(length: nil) { try await $0.write([1]) }) }
    try await withServer(router) { _, address in
      let client = try TestClient(address)
      await client.send(
        request("HEAD", "/a") + request("GET", "/empty") + request("GET", "/same") + request("HEAD", "/stream") + request("GET", "/a"))
      #expect(await client.response(toHead: true)?["content-length"] == "5")
      let empty = try #require(await client.response())
      #expect(empty.status == 204 && empty["content-length"] == nil)
      #expect(await client.response()?.status == 304)
      #expect(await client.response(toHead: true)?["transfer-encoding"] == "chunked")
      #expect(await client.response()?.body == "hello")
    }
  }

  @Test("answers a bad request behind a good one, then closes", arguments: RequestFixture.bad.filter { $0.bytes.count < 2000 })
  func refuses(_ fixture: RequestFixture) async throws {
    try await withServer(.echo) { _, address in
      let client = try TestClient(address)
      await client.send(Array(request("GET", "/good").utf8) + fixture.bytes)
      #expect(await client.response()?.status == 200)
      for _ in fixture.requests { #expect(await client.response()?.status == 200) }
      let response = try #require(await client.response())
      #expect(response.status == fixture.error?.status.code)
      #expect(response["connection"] == "close")
      #expect(response.isComplete)
      client.shutDownWriting()
      #expect(await client.isEnded())
    }
  }

  @Test("speaks HTTP/1.0: closes after the answer, or keeps alive when asked; a stream ends with the connection")
  func http10() async throws {
    let handler = ClosureHandler { request in
      request.target == "/stream" ? Response(body: .stream(length: nil) { try await $0.write(Array("streamed".utf8)) }) : .text("whole")
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let kept = try #require(await client.response())
      #expect(kept["connection"] == "keep-alive" && kept.body == "whole")
      await client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let stream = try #require(await client.response())
      #expect(stream["connection"] == "close" && stream["transfer-encoding"] == nil && stream.body == "streamed")
      let other = try TestClient(address)
      await other.send("GET / HTTP/1.0\r\n\r\n")
      #expect(await other.response()?.body == "whole")
      #expect(await other.isEnded())
    }
  }

  @Test("keeps a connection whose small body was not read, closes one whose body is large")
  func unreadBodies() async throws {
    try await withServer(.target) { _, address in
      let client = try TestClient(address)
      await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
      #expect(await client.response()?["connection"] == nil)
      await client.send("0123456789" + request("GET", "/b"))
      #expect(await client.response()?.body == "/b")
      await client.send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
      let response = try #require(await client.response())
      #expect(response.body == "/c" && response["connection"] == "close")
    }
  }

  @Test("lets a client that is still sending read the refusal")
  func answersDuringUpload() async throws {
    var router = Router()
    router.add(.post, "/small", bodyLimit: 1000, .echo)
    try await withServer(router) { _, address in
      let client = try TestClient(address)
      await client.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
      for _ in 0..<30 { await client.send([UInt8](repeating: 0, count: 100_000)) }
      #expect(await client.response()?.status == 413)
    }
  }

  @Test("holds a body to the route's limit, declared or chunked")
  func bodyLimits() async throws {
    var router = Router(bodyLimit: 4)
    router.add(.post, "/small", .echo)
    router.add(.post, "/large", bodyLimit: 8, .echo)
    try await withServer(router) { _, address in
      let client = try TestClient(address)
      await client.send(request("POST", "/small", body: "1234") + request("POST", "/large", body: "12345678"))
      #expect(await client.response()?.status == 200)
      #expect(await client.response()?.status == 200)
      await client.send(request("POST", "/small", body: "12345"))
      #expect(await client.response()?.status == 413)
      await client.send(request("POST", "/small", "Transfer-Encoding: chunked\r\n") + "3\r\n123\r\n2\r\n45\r\n0\r\n\r\n")
      #expect(await client.response()?.status == 413)
    }
  }

  @Test("serves on IPv6 and says the bound port", .enabled(if: TestClient.hasIPv6))
  func ipv6() async throws {
    try await withServer(.target, address: "[::1]:0") { _, address in
      #expect(address.port > 0 && address.description == "[::1]:\(address.port)")
      let client = try TestClient(address)
      await client.send(request("GET", "/six"))
      #expect(await client.response()?.body == "/six")
    }
  }

  @Test("tells the peer's address")
  func remoteAddress() async throws {
    try await withServer(ClosureHandler { .text($0.remoteAddress) }) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      #expect(await client.response()?.body.hasPrefix("127.0.0.1:") == true)
    }
  }

  @Test("refuses an address that is taken")
  func addressInUse() async throws {
    try await withServer(.target) { _, address in
      #expect(throws: ServerError.self) { try Server(handler: ClosureHandler.target, listen: [address]).start() }
    }
  }

  @Test("turns away connections over the limit, and takes new ones when old ones end")
  func connectionLimit() async throws {
    var limits = Limits()
    limits.connections = 1
    try await withServer(.target, limits: limits) { server, address in
      let first = try TestClient(address)
      await first.send(request())
      #expect(await first.response()?.status == 200)
      let second = try TestClient(address)
      #expect(await second.response()?.status == 503)
      first.disconnect()
      while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
      let next = try TestClient(address)
      await next.send(request())
      #expect(await next.response()?.status == 200)
    }
  }

  @Test("closes in good order after the last request that a connection may have")
  func requestLimit() async throws {
    var limits = Limits()
    limits.requestsPerConnection = 2
    try await withServer(.target, limits: limits) { _, address in
      let client = try TestClient(address)
      await client.send(request() + request() + request())
      #expect(await client.response()?["connection"] == nil)
      #expect(await client.response()?["connection"] == "close")
      #expect(await client.isEnded())
    }
  }

  @Test("writes no second header or body out of a handler's value")
  func noInjection() async throws {
    let handler = ClosureHandler { _ in
      Response(headers: ["X-Echo": "a\r\nSet-Cookie: b\r\n\r\nbody", "Content-Length": "99", "Connection": "upgrade"], body: .bytes([0x61]))
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      let response = try #require(await client.response())
      #expect(response["x-echo"] == "a  Set-Cookie: b    body")
      #expect(response["set-cookie"] == nil && response["connection"] == nil)
      #expect(response.body == "a")
    }
  }
}

extension TestClient {
  static let hasIPv6: Bool = {
    guard let address = try? ListenAddress("[::1]:0"), let server = Optional(Server(handler: ClosureHandler.target, listen: [address])) else {
      return false
    }
    guard (try? server.start()) != nil else { return false }
    Task { await server.shutdown(timeout: .zero) }
    return true
  }()
}
