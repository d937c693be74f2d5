import HTTP
import Testing

@Suite("The request parser")
struct RequestParserTests {
  @Test("reads what is well-formed", arguments: RequestFixture.good)
  func readsGood(_ fixture: RequestFixture) {
    let reading = Reading(fixture.bytes.whole)
    #expect(reading.requests == fixture.requests)
    #expect(reading.error == nil)
  }

  @Test("refuses what is not, with the error that says why", arguments: RequestFixture.bad)
  func refusesBad(_ fixture: RequestFixture) {
    let reading = Reading(fixture.bytes.whole)
    #expect(reading.requests == fixture.requests)
    #expect(reading.error == fixture.error)
  }

  @Test("reads the same byte by byte and at every cut in two", arguments: RequestFixture.good + RequestFixture.bad)
  func doesNotDependOnCuts(_ fixture: RequestFixture) {
    let whole = Reading(fixture.bytes.whole)
    #expect(Reading(fixture.bytes.byteByByte) == whole)
    // Every cut of the small ones; of the large ones the ends and a stride.
    let count = fixture.bytes.count
    let cuts = (0...count).filter { count <= 1500 || $0 < 300 || $0 > count - 100 || $0 % 499 == 0 }
    for cut in cuts where Reading(fixture.bytes.cut(at: cut)) != whole {
      Issue.record("cut at \(cut) reads differently")
    }
  }

  @Test("has a fixture for every error")
  func everyErrorIsShown() {
    let shown = Set(RequestFixture.bad.compactMap(\.error))
    #expect(Set(ParseError.allCases).subtracting(shown).isEmpty)
  }

  @Test("answers every error with a status that fits and a sentence")
  func statuses() {
    let other: [ParseError: Int] = [
      .targetTooLong: 414, .headersTooLarge: 431, .tooManyFields: 431, .trailersTooLarge: 431, .methodTooLong: 501, .tunnelRequested: 501,
      .unknownTransferCoding: 501, .unsupportedVersion: 505, .unknownExpectation: 417, .contentLengthOverflow: 413, .chunkSizeOverflow: 413,
    ]
    for error in ParseError.allCases {
      #expect(error.refusal.status.code == other[error] ?? 400, "\(error)")
      #expect(error.refusal.detail.hasSuffix("."))
    }
  }

  @Test("stays failed: what follows a framing error is not read")
  func staysFailed() {
    var parser = RequestParser()
    parser.feed(Array("GET / HTTP/1.1\nHost: a\r\n\r\n".utf8))
    #expect(throws: ParseError.bareLineFeed) { try parser.next() }
    parser.feed(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    #expect(throws: ParseError.bareLineFeed) { try parser.next() }
  }

  @Test("refuses a bare line feed and a bare carriage return wherever a request's framing can hold one", arguments: ["\n", "\r"])
  func bareLineEnds(mark: String) {
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
    let chunks = "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n"
    // One before the last line feed is the same as one behind it, which is body.
    for position in 0..<head.utf8.count - 1 {
      #expect(error(in: inserting(mark, in: head, at: position) + "hi") != nil, "\(mark.debugDescription) at \(position) of the head")
    }
    for position in 0..<chunks.utf8.count {
      let body = inserting(mark, in: chunks, at: position)
      let request = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
      #expect(error(in: request) != nil, "\(mark.debugDescription) at \(position) of the chunks")
    }
  }

  private func inserting(_ mark: String, in text: String, at position: Int) -> String {
    let bytes = Array(text.utf8)
    return String(decoding: bytes[..<position] + Array(mark.utf8) + bytes[position...], as: UTF8.self)
  }

  private func error(in text: String) -> ParseError? {
    var parser = RequestParser()
    parser.feed(Array(text.utf8))
    do { while try parser.next() != nil {} } catch { return error }
    return nil
  }

  @Test("gives the data of many chunks at once and in order")
  func manyChunks() throws {
    var parser = RequestParser()
    parser.feed(Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
    guard case .head? = try parser.next() else { return #expect(Bool(false), "no head") }
    let data = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
    parser.feed(data.flatMap { Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8) } + Array("0\r\n\r\n".utf8))
    #expect(try parser.next() == .body(data))
    #expect(try parser.next() == .end)
  }

  @Test(
    "keeps a header section's meaning",
    arguments: [
      ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.1", "Connection: foo, CLOSE\r\n", false),
      ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
    ])
  func persistence(version: String, field: String, keepsAlive: Bool) throws {
    var parser = RequestParser()
    parser.feed(Array("GET / \(version)\r\nHost: a\r\n\(field)\r\n".utf8))
    guard case .head(let head)? = try parser.next() else { return #expect(Bool(false), "no head") }
    #expect(head.wantsKeepAlive == keepsAlive)
  }

  @Test("survives mutations of every fixture, and reads the same however they are cut")
  func mutations() {
    var random = SplitMix(state: 20_260_601)
    let fixtures = (RequestFixture.good + RequestFixture.bad).filter { !$0.bytes.isEmpty && $0.bytes.count < 1000 }
    for round in 0..<20_000 {
      var bytes = fixtures[Int(random.next() % UInt64(fixtures.count))].bytes
      for _ in 0...(random.next() % 4) { bytes.mutate(using: &random, spliceFrom: fixtures) }
      let whole = Reading(bytes.whole)
      let cut = Int(random.next() % UInt64(bytes.count + 1))
      guard Reading(bytes.cut(at: cut)) == whole, round % 10 != 0 || Reading(bytes.byteByByte) == whole else {
        Issue.record("round \(round), cut \(cut): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        return
      }
    }
  }
}

/// A generator that gives the same numbers everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Array<UInt8> {
  fileprivate mutating func mutate(using random: inout SplitMix, spliceFrom fixtures: [RequestFixture]) {
    let interesting: [[UInt8]] = ["\r", "\n", "\r\n", " ", "\t", ":", "0", "\0", "%", "..", "/", ";", ",", "f", "\r\n\r\n", "\u{80}"].map {
      Array($0.utf8)
    }
    let position = isEmpty ? 0 : Int(random.next() % UInt64(count))
    switch random.next() % 5 {
    case 0: if !isEmpty { self[position] ^= 1 << UInt8(random.next() % 8) }
    case 1: if !isEmpty { remove(at: position) }
    case 2: insert(contentsOf: interesting[Int(random.next() % UInt64(interesting.count))], at: position)
    case 3: if !isEmpty { self[position] = UInt8(truncatingIfNeeded: random.next()) }
    default:
      let other = fixtures[Int(random.next() % UInt64(fixtures.count))].bytes
      let start = Int(random.next() % UInt64(other.count))
      insert(contentsOf: other[start...].prefix(40), at: position)
    }
  }
}
