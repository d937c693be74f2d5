import Benchmarking
import Testing

@Suite struct ResponseReaderTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let status: Int
    let body: String
    var keepsAlive = true
    /// Whether the end of the connection is the end of the answer.
    var endsWithConnection = false

    var testDescription: String { name }
  }

  static let examples = [
    Example(name: "a length", text: "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\ncontent-LENGTH:  5 \r\n\r\nhello", status: 200, body: "hello"),
    Example(name: "an empty body", text: "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", status: 503, body: ""),
    Example(name: "no content", text: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, body: ""),
    Example(name: "no reason phrase", text: "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x"),
    Example(
      name: "chunks", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n,\r\nA \r\n 0123\r\n678\r\n0\r\n\r\n",
      status: 200,
      body: "hello, 0123\r\n678"),
    Example(
      name: "chunks with trailers", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\nDigest: x\r\nMore: y\r\n\r\n",
      status: 200,
      body: "abc"),
    Example(name: "closing", text: "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nab", status: 200, body: "ab", keepsAlive: false),
    Example(name: "HTTP/1.0", text: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", status: 200, body: "ab", keepsAlive: false),
    Example(
      name: "HTTP/1.0 that stays", text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", status: 200, body: "ab"),
    Example(
      name: "until the end of the connection", text: "HTTP/1.1 200 OK\r\n\r\nall of this", status: 200, body: "all of this", keepsAlive: false,
      endsWithConnection: true),
    Example(
      name: "an interim answer before", text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n.", status: 201,
      body: "."),
  ]

  /// Feeds pieces, and the end of the connection where `ends`.
  private static func read(_ pieces: [ArraySlice<UInt8>], ends: Bool) throws -> (reader: ResponseReader, body: String, taken: Int) {
    var (reader, body, taken) = (ResponseReader(), [UInt8](), 0)
    for piece in pieces {
      taken += try piece.withUnsafeBytes { try reader.read($0) { body += $0 } }
    }
    if ends { try reader.end() }
    return (reader, String(decoding: body, as: UTF8.self), taken)
  }

  private static func check(_ example: Example, _ pieces: [ArraySlice<UInt8>]) throws {
    let (reader, body, taken) = try read(pieces, ends: example.endsWithConnection)
    #expect(reader.isComplete && reader.status == example.status && body == example.body && reader.keepsAlive == example.keepsAlive)
    #expect(taken == example.text.utf8.count)
  }

  @Test("An answer is the same whole, in single bytes, and in two pieces cut anywhere", arguments: examples)
  func pieces(example: Example) throws {
    let bytes = Array(example.text.utf8)
    try Self.check(example, [bytes[...]])
    try Self.check(example, bytes.indices.map { bytes[$0...$0] })
    for cut in bytes.indices { try Self.check(example, [bytes[..<cut], bytes[cut...]]) }
  }

  @Test("An answer that is cut anywhere is never complete", arguments: examples)
  func cuts(example: Example) throws {
    let bytes = Array(example.text.utf8)
    let headEnd = example.text.utf8.count - (example.endsWithConnection ? example.body.utf8.count : 0)
    for cut in 0..<headEnd {
      #expect(throws: ResponseError.self) { try Self.read([bytes[..<cut]], ends: true) }
    }
  }

  @Test("Bytes behind an answer are left, and are the next answer after begin")
  func following() throws {
    let bytes = Array((Self.examples[0].text + Self.examples[4].text).utf8)
    var (reader, body) = (ResponseReader(), [UInt8]())
    let first = try bytes.withUnsafeBytes { try reader.read($0) { body += $0 } }
    #expect(first == Self.examples[0].text.utf8.count && String(decoding: body, as: UTF8.self) == "hello")
    reader.begin()
    body = []
    _ = try bytes[first...].withUnsafeBytes { try reader.read($0) { body += $0 } }
    #expect(reader.isComplete && String(decoding: body, as: UTF8.self) == Self.examples[4].body)
  }

  @Test(
    "What is no HTTP/1 answer is refused",
    arguments: [
      "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n......", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffffffff\r\n",
    ])
  func refusals(text: String) {
    #expect(throws: ResponseError.self) { try Self.read([Array(text.utf8)[...]], ends: false) }
  }

  @Test("A head without an end is refused before it fills the memory")
  func endlessHead() {
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
    #expect(throws: ResponseError.self) { try Self.read([piece[...]], ends: false) }
  }
}
