import HTTP
import Testing

@Suite("Content codings")
struct ContentCodingTests {
  private let text = Array(String(repeating: "All happy families are alike. ", count: 200).utf8)

  private func expand(_ bytes: [UInt8], _ coding: ContentCoding = .gzip, cutAt cuts: [Int] = []) throws -> [UInt8] {
    let inflater = Inflater(coding)
    var output: [UInt8] = []
    var start = 0
    for end in cuts + [bytes.count] {
      inflater.feed(Array(bytes[start..<end]))
      while let piece = try inflater.next(upTo: 100) { output += piece }
      start = end
    }
    try inflater.finish()
    return output
  }

  @Test("gzip and back is the same", arguments: [0, 1, 1023, 70_000])
  func roundTrip(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }
    #expect(try expand(try #require(Deflater.gzip(bytes))) == bytes)
  }

  @Test("expands the same however the bytes are cut")
  func everyCut() throws {
    let small = try #require(Deflater.gzip(text))
    for cut in 0...small.count { #expect(try expand(small, cutAt: [cut]) == text) }
    #expect(try expand(small, cutAt: Array(1..<small.count)) == text)
  }

  @Test("expands several gzip members behind each other")
  func members() throws {
    let small = try #require(Deflater.gzip(text))
    #expect(try expand(small + small, cutAt: [small.count]) == text + text)
    #expect(try expand(small + small) == text + text)
  }

  @Test("reads the zlib format as deflate, and nothing behind it")
  func zlib() throws {
    // zlib.compress(b"hello") of the reference implementation.
    let hello: [UInt8] = [0x78, 0x9C, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x06, 0x2C, 0x02, 0x15]
    #expect(try expand(hello, .deflate) == Array("hello".utf8))
    #expect(throws: Inflater.Failure.malformed) { try expand(hello + [1], .deflate) }
  }

  @Test("refuses what is cut off, changed, or something else")
  func broken() throws {
    let small = try #require(Deflater.gzip(text))
    for count in 0..<small.count { #expect(throws: Inflater.Failure.truncated) { try expand(Array(small[..<count])) } }
    var changed = small
    changed[small.count - 6] ^= 1
    #expect(throws: Inflater.Failure.malformed) { try expand(changed) }
    #expect(throws: Inflater.Failure.malformed) { try expand(text) }
    #expect(throws: Inflater.Failure.malformed) { try expand(small + [1, 2, 3]) }
  }

  @Test(
    "gzip is sent to those who ask for it and like it no less",
    arguments: [
      ("gzip", true), ("GZIP", true), ("x-gzip", true), ("*", true), ("br, gzip;q=0.5", true), ("gzip;q=1.0, identity;q=0.5", true), ("", false),
      ("br", false), ("gzip;q=0", false), ("gzip; q=0.0", false), ("*;q=0", false), ("gzip;q=0.2, identity;q=0.5", false), ("gzip;q=x", false),
      ("*, gzip;q=0", false),
    ])
  func negotiation(field: String, isGzip: Bool) {
    #expect(AcceptedCodings([field]).prefersGzip == isGzip)
  }

  private func answer(_ response: Response, accept: String? = "gzip") async throws -> Response {
    let headers: HeaderFields = accept.map { ["Accept-Encoding": $0] } ?? [:]
    return await ClosureHandler { _ in response }.compressed().respond(to: try Request(.get, "/", headers: headers))
  }

  @Test("a large text is compressed, and says so to client and caches")
  func compresses() async throws {
    var large = Response.bytes(text, type: "application/json; charset=utf-8")
    large.headers["ETag"] = "\"1\""
    let small = try await answer(large)
    #expect(try expand(try await small.body.collect()) == text)
    #expect(small.headers["Content-Encoding"] == "gzip" && small.headers["Vary"] == "Accept-Encoding" && small.headers["ETag"] == "W/\"1\"")
    let plain = try await answer(large, accept: nil)
    #expect(try await plain.body.collect() == text)
    #expect(plain.headers["Content-Encoding"] == nil && plain.headers["Vary"] == "Accept-Encoding" && plain.headers["ETag"] == "\"1\"")
  }

  @Test("304 names what the answer depends on, as the answer itself does")
  func notModified() async throws {
    let answer = try await answer(Response(.notModified, headers: ["ETag": "\"1\""]))
    #expect(answer.headers["Vary"] == "Accept-Encoding" && answer.headers["Content-Encoding"] == nil)
  }

  @Test("what is small, no text, coded already, or not to be changed stays as it is")
  func leavesAlone() async throws {
    var coded = Response.bytes(text, type: "text/plain")
    coded.headers["Content-Encoding"] = "br"
    var fixed = Response.bytes(text, type: "text/plain")
    fixed.headers["Cache-Control"] = "public, no-transform"
    for response in [.bytes(text, type: "image/png"), .bytes(Array(text.prefix(1023)), type: "text/plain"), coded, fixed] {
      let answer = try await answer(response)
      #expect(try await answer.body.collect() == response.body.collect())
      #expect(answer.headers["Content-Encoding"] == response.headers["Content-Encoding"])
    }
  }

  @Test("a stream of text is compressed piece by piece, so that each can be read as soon as it is sent")
  func streams() async throws {
    let next = Event()
    let pieces = (0..<3).map { Array("piece \($0) \(String(repeating: "of a stream ", count: 50))\n".utf8) }
    let handler = ClosureHandler { _ in
      Response(
        headers: ["Content-Type": "text/csv"],
        body: .stream(length: nil) { writer in
          try await writer.write(pieces[0])
          // Only a client that has read the first piece lets the others come.
          await next.wait()
          for piece in pieces[1...] { try await writer.write(piece) }
        })
    }
    try await withServer(handler.compressed()) { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/", "Accept-Encoding: gzip\r\n"))
      let head = try #require(await client.received(through: "\r\n\r\n"))
      #expect(head.contains("Content-Encoding: gzip") && head.contains("Transfer-Encoding: chunked") && head.contains("Vary: Accept-Encoding"))
      let inflater = Inflater(.gzip)
      inflater.feed(try #require(await client.chunk()))
      #expect(try inflater.next() == pieces[0])
      next.happen()
      var rest: [UInt8] = []
      while let chunk = await client.chunk(), !chunk.isEmpty {
        inflater.feed(chunk)
        while let piece = try inflater.next() { rest += piece }
      }
      try inflater.finish()
      #expect(rest == pieces[1] + pieces[2])
    }
  }

  @Test("a stream that keeps its promise of a length is compressed whole, one that breaks it is cut off", arguments: [0, 1])
  func promisedLength(missing: Int) async throws {
    let text = text
    let stream = Response(
      headers: ["Content-Type": "text/plain"], body: .stream(length: text.count + missing) { try await $0.write(text) })
    let answer = try await answer(stream)
    guard case .stream(nil, _) = answer.body else { return #expect(Bool(false), "the length of the compressed form is not known") }
    if missing == 0 {
      #expect(try expand(try await answer.body.collect()) == text)
    } else {
      await #expect(throws: (any Error).self) { try await answer.body.collect() }
    }
  }

  @Test("server-sent events are never compressed, streams of other things neither", arguments: ["text/event-stream", "application/octet-stream"])
  func leavesStreamsAlone(type: String) async throws {
    let bytes = text
    let answer = try await answer(Response(headers: ["Content-Type": type], body: .stream(length: nil) { try await $0.write(bytes) }))
    #expect(try await answer.body.collect() == text && answer.headers["Content-Encoding"] == nil)
  }

  private func read(_ body: [UInt8], coding: String?, limit: Int = .max) async throws -> Response {
    let handler = ClosureHandler { request in
      var request = request
      request.body = request.body.limited(to: limit)
      return await ClosureHandler.echo.respond(to: request)
    }
    let headers: HeaderFields = coding.map { ["Content-Encoding": $0, "Content-Length": "\(body.count)"] } ?? [:]
    return await handler.expandingBodies().respond(to: try Request(.post, "/", headers: headers, body: body))
  }

  @Test("request bodies are expanded", arguments: ["gzip", "X-GZIP", "identity, gzip"])
  func expandsRequests(coding: String) async throws {
    let answer = try await read(try #require(Deflater.gzip(text)), coding: coding)
    #expect(try await answer.body.collect() == text)
    let plain = try await read(text, coding: nil)
    #expect(try await plain.body.collect() == text)
    let empty = try await read([], coding: coding)
    #expect(empty.status == .ok)
  }

  @Test("a bomb stops at the limit, a broken body is 400, an unknown coding 415")
  func refusesRequests() async throws {
    let bomb = try #require(Deflater.gzip([UInt8](repeating: 0, count: 50_000_000)))
    #expect(bomb.count < 60_000)
    #expect(try await read(bomb, coding: "gzip", limit: 1_000_000).status == .contentTooLarge)
    #expect(try await read(Array(bomb.prefix(1000)), coding: "gzip").status == .badRequest)
    #expect(try await read(text, coding: "deflate").status == .badRequest)
    let unknown = try await read(text, coding: "br")
    #expect(unknown.status == .unsupportedMediaType && unknown.headers["Accept-Encoding"] == "gzip, deflate")
    #expect(try await read(text, coding: "gzip, gzip").status == .unsupportedMediaType)
  }

  @Test("a body of empty blocks that expand to nothing does not go on for ever")
  func emptyBlocks() async throws {
    // A zlib header, then stored blocks of no bytes (RFC 1951 §3.2.4).
    let emptyBlock: [UInt8] = [0x00, 0x00, 0x00, 0xFF, 0xFF]
    let body: [UInt8] = [0x78, 0x9C] + Array(repeating: emptyBlock, count: 400_000).joined()
    try await withServer(ClosureHandler.echo.expandingBodies()) { _, address in
      let client = try TestClient(address)
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: deflate\r\nContent-Length: \(body.count)\r\n\r\n")
      let sending = Task { await client.send(body) }
      #expect(await client.response()?.status == 400)
      _ = await sending.value
    }
  }

  @Test("a body may become no more than so many times as large as it came, once it is large at all")
  func expansion() async throws {
    var limit = ExpansionLimit()
    (limit.ratio, limit.free) = (10, 20_000)
    let handler = ClosureHandler { request in
      do { return .bytes(try await request.body.collect(), type: "text/plain") } catch { return Refusal.plainText(Refusal(error)) }
    }.expandingBodies(within: limit)
    func status(_ body: [UInt8]) async throws -> Response {
      await handler.respond(to: try Request(.post, "/", headers: ["Content-Encoding": "gzip"], body: try #require(Deflater.gzip(body))))
    }
    #expect(try await status([UInt8](repeating: 0, count: 20_000)).status == .ok, "small whatever it was")
    let refused = try await status([UInt8](repeating: 0, count: 2_000_000))
    #expect(refused.status == .contentTooLarge)
    let sentence = String(decoding: try await refused.body.collect(), as: UTF8.self)
    #expect(sentence.contains("10 times") && sentence.contains("20000 bytes"))
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<50_000).map { _ in UInt8.random(in: 0...15, using: &generator) }
    #expect(try await status(noise).status == .ok, "what shrinks as data do")
  }
}
