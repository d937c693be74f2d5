import HTTP

extension RequestFixture {
  /// The themes of request smuggling and of plain nonsense, each with its error.
  static let bad: [RequestFixture] = contentLength + transferCoding + chunks + lineEnds + fields + hosts + requestLines + targets + behindGood

  private static func post(_ name: String, _ fields: String, body: String = "", then error: ParseError) -> RequestFixture {
    RequestFixture(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)", then: error)
  }

  static let contentLength: [RequestFixture] =
    ["+5", "-5", "5_0", "0x5", "05", "", " ", "5 5", "5,5", "5, 5", "5;", "five", "5.0", "1e1", "٥", "5\u{A0}"].map {
      post("Content-Length: [\($0)]", "Content-Length: \($0)\r\n", body: "hello", then: .invalidContentLength)
    } + [
      post("Content-Length twice, equal", "Content-Length: 5\r\nContent-Length: 5\r\n", body: "hello", then: .severalContentLengths),
      post("Content-Length twice, different", "Content-Length: 5\r\nContent-Length: 6\r\n", body: "hello", then: .severalContentLengths),
      post("Content-Length over 2^63", "Content-Length: 9223372036854775808\r\n", then: .contentLengthOverflow),
      post("Content-Length over 2^64 by five", "Content-Length: 18446744073709551621\r\n", body: "hello", then: .contentLengthOverflow),
      post("Content-Length of a hundred digits", "Content-Length: \(String(repeating: "9", count: 100))\r\n", then: .contentLengthOverflow),
    ]

  static let transferCoding: [RequestFixture] = [
    post("Content-Length, then chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n", then: .lengthAndTransferEncoding),
    post("chunked, then Content-Length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: "0\r\n\r\n", then: .lengthAndTransferEncoding),
    post("xchunked", "Transfer-Encoding: xchunked\r\n", then: .unknownTransferCoding),
    post("identity", "Transfer-Encoding: identity\r\n", then: .unknownTransferCoding),
    post("gzip", "Transfer-Encoding: gzip\r\n", then: .unknownTransferCoding),
    post("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", then: .unknownTransferCoding),
    post("chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n", then: .invalidTransferEncoding),
    post(",chunked", "Transfer-Encoding: ,chunked\r\n", then: .invalidTransferEncoding),
    post("chunked,", "Transfer-Encoding: chunked,\r\n", then: .invalidTransferEncoding),
    post("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n", then: .invalidTransferEncoding),
    post("an empty Transfer-Encoding", "Transfer-Encoding:\r\n", then: .invalidTransferEncoding),
    post("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n", then: .severalTransferEncodings),
    post("Transfer-Encoding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", then: .severalTransferEncodings),
    RequestFixture(
      "chunked with a vertical tab", bytes: Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ".utf8) + [0x0B] + Array("chunked\r\n\r\n".utf8),
      then: .invalidFieldValue),
    RequestFixture(
      "chunked with a no-break space",
      bytes: Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ".utf8) + [0xA0] + Array("chunked\r\n\r\n".utf8),
      then: .unknownTransferCoding),
    RequestFixture("chunked on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", then: .transferEncodingInHTTP10),
    post("another expectation", "Expect: 200-ok\r\n", then: .unknownExpectation),
  ]

  private static func chunked(_ name: String, _ body: String, then error: ParseError) -> RequestFixture {
    post("chunks: \(name)", "Transfer-Encoding: chunked\r\n", body: body, then: error)
  }

  static let chunks: [RequestFixture] =
    ["+5", "-5", "0x5", "5_0", " 5", "", ";a", "g", "5 5", "5\u{A0}", "5:"].map {
      chunked("size [\($0)]", "\($0)\r\nhello\r\n0\r\n\r\n", then: .invalidChunkSize)
    } + [
      chunked("size over 2^63", "8000000000000000\r\n", then: .chunkSizeOverflow),
      chunked("size over 2^64 by five", "10000000000000005\r\nhello\r\n0\r\n\r\n", then: .chunkSizeOverflow),
      chunked("size of many zeros", "000000000000000005\r\nhello\r\n0\r\n\r\n", then: .chunkSizeOverflow),
      chunked("no CRLF after the data", "5\r\nhello0\r\n\r\n", then: .missingChunkEnd),
      chunked("line feed after the data", "5\r\nhello\n0\r\n\r\n", then: .missingChunkEnd),
      chunked("carriage return and another byte after the data", "5\r\nhello\rx0\r\n\r\n", then: .missingChunkEnd),
      chunked("size too small", "4\r\nhello\r\n0\r\n\r\n", then: .missingChunkEnd),
      chunked("line feed after the size", "5\nhello\r\n0\r\n\r\n", then: .bareLineFeed),
      chunked("carriage return in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", then: .bareCarriageReturn),
      chunked("line feed in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n", then: .bareLineFeed),
      chunked("NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n", then: .invalidChunkExtension),
      chunked("one huge extension", "5;\(String(repeating: "x", count: 5000))\r\nhello\r\n0\r\n\r\n", then: .chunkExtensionsTooLong),
      chunked("many extensions", String(repeating: "1;\(String(repeating: "x", count: 100))\r\nh\r\n", count: 50), then: .chunkExtensionsTooLong),
      chunked("blanks behind the size", "5 \r\nhello\r\n0\r\n\r\n", then: .invalidChunkSize),
      chunked("line feed after the last chunk", "0\r\n\n", then: .bareLineFeed),
      chunked("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", then: .foldedField),
      chunked("a trailer without a colon", "0\r\nA\r\n\r\n", then: .missingColon),
      chunked("endless trailers", "0\r\n" + String(repeating: "A: \(String(repeating: "x", count: 100))\r\n", count: 100), then: .trailersTooLarge),
    ]
    + [";", ";;a", ";a;", ";=b", ";a=", ";a=b c", ";a b", ";a=\"b", ";a=\"b\\", ";a=\"b\"c", ";a=(b)", ";a=b ", "; ", ";a==b", ";a,b"].map {
      chunked("extension [\($0)]", "5\($0)\r\nhello\r\n0\r\n\r\n", then: .invalidChunkExtension)
    }
    + ["Content-Length: 5", "Transfer-Encoding: chunked", "Host: b", "Authorization: Bearer x", "content-type: text/html", "Connection: close"].map {
      chunked("trailer \($0)", "2\r\nhi\r\n0\r\n\($0)\r\n\r\n", then: .forbiddenTrailer)
    }

  static let lineEnds: [RequestFixture] = [
    RequestFixture("line feed after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", then: .bareLineFeed),
    RequestFixture("line feed after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", then: .bareLineFeed),
    RequestFixture("line feed for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", then: .bareLineFeed),
    RequestFixture("line feeds alone", "GET / HTTP/1.1\nHost: a\n\n", then: .bareLineFeed),
    RequestFixture("line feed before the request", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", then: .bareLineFeed),
    RequestFixture("carriage return in the request line", "GET /\rHTTP/1.1\r\nHost: a\r\n\r\n", then: .bareCarriageReturn),
    RequestFixture("carriage return in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", then: .bareCarriageReturn),
    RequestFixture("carriage return in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\rY: a\r\n\r\n", then: .bareCarriageReturn),
    RequestFixture("two carriage returns", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", then: .bareCarriageReturn),
    RequestFixture("carriage return before the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", then: .bareCarriageReturn),
    RequestFixture("two empty lines before the request", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", then: .malformedRequestLine),
  ]

  private static func field(_ name: String, _ line: String, then error: ParseError) -> RequestFixture {
    RequestFixture(name, "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", then: error)
  }

  static let fields: [RequestFixture] = [
    field("obs-fold with a space", "A: b\r\n c", then: .foldedField),
    field("obs-fold with a tab", "A: b\r\n\tc", then: .foldedField),
    RequestFixture("a first field line that starts with a space", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", then: .foldedField),
    field("space before the colon", "A : b", then: .spaceBeforeColon),
    field("tab before the colon", "A\t: b", then: .spaceBeforeColon),
    field("space before Content-Length's colon", "Content-Length : 5", then: .spaceBeforeColon),
    field("an empty name", ": b", then: .emptyFieldName),
    field("no colon", "A b", then: .missingColon),
    field("a space in a name", "A B: c", then: .invalidFieldName),
    field("NUL in a name", "A\0: c", then: .invalidFieldName),
    field("a letter beyond ASCII in a name", "Á: c", then: .invalidFieldName),
    field("a bracket in a name", "A(: c", then: .invalidFieldName),
    field("NUL in a value", "A: b\0c", then: .invalidFieldValue),
    field("a bell in a value", "A: \u{07}", then: .invalidFieldValue),
    field("DEL in a value", "A: \u{7F}", then: .invalidFieldValue),
    field("too many fields", String(repeating: "A: b\r\n", count: 100), then: .tooManyFields),
    field("one huge field", "A: \(String(repeating: "b", count: 33_000))", then: .headersTooLarge),
    field("many large fields", String(repeating: "A: \(String(repeating: "b", count: 1000))\r\n", count: 40), then: .headersTooLarge),
  ]

  static let hosts: [RequestFixture] =
    [
      "", "localhost:port", "a:80:90", "[::1", "::1", "[::1]a", "[::1]80", "[]", "[1.2.3.4]", "[fe80::1%25eth0]", "%zz", "a%", "a%4", "a:-1", "a:+1",
      "a:65536",
      "a:000080", ":80", "a b", "a?b", "a#b", "a\\b", "http://a", "\u{e9}.org",
    ].map { RequestFixture("Host: [\($0)]", "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", then: .invalidHost) } + [
      RequestFixture("no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", then: .missingHost),
      RequestFixture("two Hosts, different", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", then: .severalHosts),
      RequestFixture("two Hosts, equal", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", then: .severalHosts),
      RequestFixture("two Hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", then: .severalHosts),
      RequestFixture("a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", then: .invalidHost),
      RequestFixture("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", then: .invalidHost),
      RequestFixture("a Host with user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", then: .invalidHost),
      RequestFixture("absolute form against Host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", then: .hostMismatch),
      RequestFixture("absolute form without Host", "GET http://a/ HTTP/1.1\r\n\r\n", then: .missingHost),
      RequestFixture("absolute form with another port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", then: .hostMismatch),
      RequestFixture("absolute form with the other scheme's port", "GET http://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n", then: .hostMismatch),
      RequestFixture("absolute form of HTTPS with HTTP's port", "GET https://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", then: .hostMismatch),
      RequestFixture("absolute form with user information", "GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n", then: .invalidTarget),
    ]

  private static func line(_ name: String, _ requestLine: String, then error: ParseError) -> RequestFixture {
    RequestFixture(name, "\(requestLine)\r\nHost: a\r\n\r\n", then: error)
  }

  static let requestLines: [RequestFixture] = [
    line("HTTP/1.2", "GET / HTTP/1.2", then: .unsupportedVersion),
    line("HTTP/2.0", "GET / HTTP/2.0", then: .unsupportedVersion),
    line("HTTP/0.9", "GET / HTTP/0.9", then: .unsupportedVersion),
    line("no version", "GET /", then: .malformedRequestLine),
    line("a version in small letters", "GET / http/1.1", then: .malformedVersion),
    line("a version of two digits", "GET / HTTP/1.11", then: .malformedVersion),
    line("a version with a sign", "GET / HTTP/+1.1", then: .malformedVersion),
    line("another protocol", "GET / ICY/1.1", then: .malformedVersion),
    line("two spaces", "GET  / HTTP/1.1", then: .malformedRequestLine),
    line("a space in the target", "GET /a b HTTP/1.1", then: .malformedVersion),
    line("a space at the end", "GET / HTTP/1.1 ", then: .malformedVersion),
    line("a tab for a space", "GET\t/ HTTP/1.1", then: .invalidMethod),
    line("a space first", " GET / HTTP/1.1", then: .invalidMethod),
    line("a bracket in the method", "GE(T / HTTP/1.1", then: .invalidMethod),
    line("NUL in the method", "GE\0T / HTTP/1.1", then: .invalidMethod),
    line("one word", "GET", then: .malformedRequestLine),
    line("a long method", "\(String(repeating: "A", count: 25)) / HTTP/1.1", then: .methodTooLong),
    line("CONNECT", "CONNECT a:443 HTTP/1.1", then: .tunnelRequested),
    RequestFixture("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", then: .unsupportedVersion),
    RequestFixture("a TLS hello", bytes: [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], then: .invalidMethod),
  ]

  private static func target(_ name: String, _ target: String, then error: ParseError) -> RequestFixture {
    line("target: \(name)", "GET \(target) HTTP/1.1", then: error)
  }

  static let targets: [RequestFixture] = [
    target("no slash", "a", then: .invalidTarget),
    target("asterisk with GET", "*", then: .invalidTarget),
    target("another scheme", "ftp://a/", then: .invalidTarget),
    target("a fragment", "/a#b", then: .invalidTarget),
    target("a backslash", "/a\\b", then: .invalidTarget),
    target("a quote", "/a\"b", then: .invalidTarget),
    target("an unencoded letter beyond ASCII", "/é", then: .invalidTarget),
    target("..", "/a/../b", then: .dotSegment),
    target("..  at the end", "/a/..", then: .dotSegment),
    target(".", "/./b", then: .dotSegment),
    target("encoded ..", "/a/%2e%2E/b", then: .dotSegment),
    target("half encoded ..", "/a/.%2e/b", then: .dotSegment),
    target("%00", "/a%00", then: .controlCharacterInTarget),
    target("%0a in the path", "/a%0a", then: .controlCharacterInTarget),
    target("%00 in the query", "/a?b=%00", then: .controlCharacterInTarget),
    target("% alone", "/a%", then: .invalidPercentEncoding),
    target("% and one digit", "/a%2", then: .invalidPercentEncoding),
    target("% and no digits", "/a%zz", then: .invalidPercentEncoding),
    target("% in the query", "/a?b=%g0", then: .invalidPercentEncoding),
    target("overlong slash", "/a%c0%af", then: .invalidUTF8),
    target("overlong dots", "/a/%c0%ae%c0%ae", then: .invalidUTF8),
    target("a lone continuation byte", "/a%80", then: .invalidUTF8),
    target("a surrogate", "/a%ed%a0%80", then: .invalidUTF8),
    target("a query that is not UTF-8", "/a?b=%ff", then: .invalidUTF8),
    target("9,000 bytes", "/\(String(repeating: "a", count: 9000))", then: .targetTooLong),
    RequestFixture("target: endless", "GET /\(String(repeating: "a", count: 40_000))", then: .targetTooLong),
  ]

  static let behindGood: [RequestFixture] = [
    RequestFixture(
      "nonsense behind a good request", "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\n", reads: "GET /a ", then: .bareLineFeed),
    RequestFixture(
      "more body than Content-Length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi there\r\n", reads: "POST /a hi",
      then: .invalidMethod),
    RequestFixture(
      "a smuggled request after a short chunked body",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\0GET /b HTTP/1.1\r\nHost: a\r\n\r\n", reads: "POST /a ",
      then: .invalidMethod),
  ]
}
