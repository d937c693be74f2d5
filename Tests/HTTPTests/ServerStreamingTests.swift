import HTTP
import Locking
import Testing

@Suite("A server streams")
struct ServerStreamingTests {
  @Test("an answer in chunks, each as it was written")
  func chunks() async throws {
    let handler = ClosureHandler { _ in
      Response(body: .stream(length: nil) { writer in for line in ["one\n", "", "two\n"] { try await writer.write(Array(line.utf8)) } })
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      for _ in 0..<2 {
        await client.send(request())
        let response = try #require(await client.response())
        #expect(response.chunks == [Array("one\n".utf8), Array("two\n".utf8)])
        #expect(response.isComplete)
      }
    }
  }

  @Test("an answer of known length, and cuts the connection when the handler breaks its word", arguments: [("right", 4), ("short", 5), ("long", 3)])
  func knownLength(word: String, length: Int) async throws {
    let handler = ClosureHandler { _ in
      Response(
        body: .stream(length: length) { writer in
          try await writer.write(Array("ab".utf8))
          try await writer.write(Array("cd".utf8))
        })
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      let response = await client.response()
      #expect((response?.body == "abcd") == (word == "right"))
    }
  }

  @Test("an answer that fails half-way without the chunk that would end it")
  func brokenStream() async throws {
    struct Broken: Error {}
    let handler = ClosureHandler { _ in
      Response(
        body: .stream(length: nil) { writer in
          try await writer.write(Array("half".utf8))
          throw Broken()
        })
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      let response = try #require(await client.response())
      #expect(response.body == "half" && !response.isComplete)
    }
  }

  @Test("a large answer whole")
  func largeAnswer() async throws {
    let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await withServer(ClosureHandler { _ in .bytes(bytes, type: "application/octet-stream") }) { _, address in
      let client = try TestClient(address)
      await client.send(request() + request())
      #expect(await client.response()?.chunks == [bytes])
      #expect(await client.response()?.chunks == [bytes])
    }
  }

  @Test("an upload no faster than the handler reads")
  func uploadBackPressure() async throws {
    let gate = Event()
    let handler = ClosureHandler { request in
      await gate.wait()
      var count = 0
      do { for try await chunk in request.body.limited(to: .max) { count += chunk.count } } catch { return .text("\(error)") }
      return .text("\(count)")
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      let length = 100_000_000
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
      let chunk = [UInt8](repeating: 7, count: 65536)
      // What the kernel buffers for loopback is a few megabytes; a server that read ahead would take it all.
      var sent = await client.sendUntilBlocked(chunk, attempts: 20)
      #expect(sent < 20_000_000)
      gate.happen()
      while sent < length {
        let count = min(chunk.count, length - sent)
        #expect(await client.send(Array(chunk.prefix(count))))
        sent += count
      }
      #expect(await client.response()?.body == "\(length)")
    }
  }

  @Test("an answer no faster than the client reads, and tells the handler when the client is gone")
  func answerBackPressure() async throws {
    let written = Protected(0)
    let failed = Event()
    let handler = ClosureHandler { _ in
      Response(
        body: .stream(length: nil) { writer in
          do {
            while true {
              try await writer.write([UInt8](repeating: 7, count: 65536))
              written.withLock { $0 += 65536 }
            }
          } catch {
            failed.happen()
            throw error
          }
        })
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request())
      // Until the count stands still the kernel's buffers fill; endless writing would never stand still.
      var before = -1
      var now = 0
      while before != now {
        before = now
        try await Task.sleep(for: .milliseconds(100))
        now = written.withLock { $0 }
      }
      #expect(now < 20_000_000)
      client.disconnect()
      await failed.wait()
    }
  }

  @Test("a form's part to the handler while it arrives")
  func multipart() async throws {
    let handler = ClosureHandler { request in
      do {
        let form = try MultipartForm(contentType: request.headers["content-type"] ?? "")
        var count = 0
        for try await chunk in form.part(named: "file", in: request.body) { count += chunk.count }
        return .text("\(count)")
      } catch {
        return Refusal.plainText(Refusal(error))
      }
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      let file = String(repeating: "\r\n--", count: 300_000)
      let form =
        "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\(file)\r\n--b--\r\n"
      await client.send(request("POST", "/", "Content-Type: multipart/form-data; boundary=b\r\n", body: form) + request("POST", "/", body: "x"))
      #expect(await client.response()?.body == "1200000")
      #expect(await client.response()?.status == 415)
    }
  }

  @Test("nothing to a body or a writer that is kept beyond its answer")
  func keptTooLong() async throws {
    let kept = Protected<(body: RequestBody?, writer: BodyWriter?)>((nil, nil))
    let handler = ClosureHandler { request in
      if request.target == "/second" {
        let (body, writer) = kept.withLock { $0 }
        let stolen = try? await body?.collect()
        let wrote: Void? = try? await writer?.write(Array("stray".utf8))
        return .text("\(stolen == nil) \(wrote == nil)")
      }
      kept.withLock { $0.body = request.body }
      return Response(body: .stream(length: nil) { writer in kept.withLock { $0.writer = writer } })
    }
    try await withServer(handler) { _, address in
      let client = try TestClient(address)
      await client.send(request("POST", "/first") + request("POST", "/second", body: "secret"))
      #expect(await client.response()?.status == 200)
      #expect(await client.response()?.body == "true true")
    }
    kept.withLock { $0 = (nil, nil) }  // the handler, the connection and what was kept hold one another
  }
}
