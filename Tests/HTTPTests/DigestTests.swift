import HTTP
import Testing

@Suite("Digests of request bodies")
struct DigestTests {
  // echo -n hello | openssl dgst -sha256 -binary | base64
  private static let hello = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
  // The same of the bytes below.
  private static let zipped = "sha-256=:+6ig5Xa05HkXrPkBQAgMNJWkZlx40WQzNsIWaH7k7L0=:"
  /// zlib.compress(b"hello") of the reference implementation.
  private static let coded: [UInt8] = [0x78, 0x9C, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x06, 0x2C, 0x02, 0x15]

  private func read(_ body: [UInt8], _ headers: HeaderFields) async throws -> Response {
    let handler = ClosureHandler { request in
      do {
        let isPassedOn = request.headers.contains("Content-Digest") || request.headers.contains("Repr-Digest")
        return Response(headers: ["X-Digest": "\(isPassedOn)"], body: .bytes(try await request.body.collect()))
      } catch {
        return Refusal.plainText(Refusal(error))
      }
    }
    return await handler.expandingBodies().checkingDigests().respond(to: try Request(.post, "/", headers: headers, body: body))
  }

  @Test("a body with the digest that was announced is read, another one is refused", arguments: ["Content-Digest", "Repr-Digest"])
  func plain(field: String) async throws {
    let right = try await read(Array("hello".utf8), [field: Self.hello])
    #expect(try await right.body.collect() == Array("hello".utf8))
    #expect(right.headers["X-Digest"] == "true", "a handler may look at it too")
    let wrong = try await read(Array("hellO".utf8), [field: Self.hello])
    #expect(wrong.status == .badRequest)
    #expect(String(decoding: try await wrong.body.collect(), as: UTF8.self).contains(field))
    #expect(try await read([], [field: Self.hello]).status == .badRequest)
  }

  @Test("both digests are of the bytes with their content coding, not of what they expand to", arguments: ["Content-Digest", "Repr-Digest"])
  func coded(field: String) async throws {
    let right = try await read(Self.coded, [field: Self.zipped, "Content-Encoding": "deflate"])
    #expect(try await right.body.collect() == Array("hello".utf8))
    #expect(right.headers["X-Digest"] == "false", "of the expanded body it would be wrong")
    #expect(try await read(Self.coded, [field: Self.hello, "Content-Encoding": "deflate"]).status == .badRequest)
  }

  @Test("other algorithms are passed over, among several the known one counts")
  func algorithms() async throws {
    let body = Array("hello".utf8)
    #expect(try await read(body, ["Content-Digest": "sha-512=:AAAA:"]).status == .ok)
    #expect(try await read(body, ["Content-Digest": "sha-512=:AAAA:, \(Self.hello)"]).status == .ok)
    #expect(try await read(body, ["Content-Digest": "sha-512=:AAAA:, \(Self.hello.replacing("L", with: "M"))"]).status == .badRequest)
  }

  @Test("a digest that is none is refused", arguments: ["sha-256=", "sha-256=AAAA", "sha-256=:AAAA:", "sha-256=:!:", "SHA-256=::"])
  func malformed(value: String) async throws {
    let answer = try await read(Array("hello".utf8), ["Content-Digest": value])
    #expect(answer.status == .badRequest)
    #expect(String(decoding: try await answer.body.collect(), as: UTF8.self).contains("32 bytes"))
  }

  /// A chunked body with fields behind it.
  private struct Trailing: BodySource {
    let bytes: RequestBody
    let fields: HeaderFields

    func nextChunk() async throws(BodyError) -> [UInt8]? { try await bytes.source.nextChunk() }
    func trailers() async -> HeaderFields { fields }
  }

  @Test("a digest behind a chunked body is held to it, also where the body is coded")
  func trailers() async throws {
    func status(_ body: [UInt8], _ fields: HeaderFields, _ headers: HeaderFields = [:]) async throws -> Int {
      var request = try Request(.post, "/", headers: headers)
      request.body = RequestBody(source: Trailing(bytes: RequestBody(body), fields: fields), length: nil, limit: .max)
      let handler = ClosureHandler { request in
        do {
          return Response(body: .bytes(try await request.body.collect()))
        } catch {
          return Refusal.plainText(Refusal(error))
        }
      }
      return await handler.expandingBodies().checkingDigests().respond(to: request).status.code
    }
    let hello = Array("hello".utf8)
    #expect(try await status(hello, ["Content-Digest": Self.hello]) == 200)
    #expect(try await status(hello, [:]) == 200)
    #expect(try await status(hello, ["Content-Digest": Self.zipped]) == 400)
    #expect(try await status(hello, ["Repr-Digest": Self.zipped]) == 400)
    #expect(try await status(hello, ["Content-Digest": "sha-256=:AAAA:"]) == 400)
    #expect(try await status(hello, ["Content-Digest": Self.hello], ["Content-Digest": Self.zipped]) == 400)
    #expect(try await status(Self.coded, ["Content-Digest": Self.zipped], ["Content-Encoding": "deflate"]) == 200)
    #expect(try await status(Self.coded, ["Content-Digest": Self.hello], ["Content-Encoding": "deflate"]) == 400)
  }
}
