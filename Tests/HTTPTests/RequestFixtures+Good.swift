import HTTP

extension RequestFixture {
  static let good: [RequestFixture] = [
    RequestFixture("the smallest request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", reads: "GET / "),
    RequestFixture("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", reads: "GET / "),
    RequestFixture("a Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", reads: "GET / "),
    RequestFixture("a Host with the greatest port", "GET / HTTP/1.1\r\nHost: 127.0.0.1:65535\r\n\r\n", reads: "GET / "),
    RequestFixture("a Host with an encoded byte", "GET / HTTP/1.1\r\nHost: a%41\r\n\r\n", reads: "GET / "),
    RequestFixture("an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", reads: "GET / "),
    RequestFixture("one empty line before the request", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", reads: "GET / "),
    RequestFixture(
      "an empty line after a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
      reads: "POST / x", "GET /b "),
    RequestFixture("blanks around a value", "GET / HTTP/1.1\r\nHost: \t a \t\r\nX: \t\r\n\r\n", reads: "GET / "),
    RequestFixture(
      "bytes beyond ASCII in a value", bytes: Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xA0, 0x85, 0xFF] + Array("\r\n\r\n".utf8),
      reads: ["GET / "]),
    RequestFixture("a body with Content-Length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", reads: "POST /a hello"),
    RequestFixture("Content-Length 0", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", reads: "POST /a "),
    RequestFixture(
      "a GET with a body, which is not the next request",
      "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /GET /b HTTP/1.1\r\nHost: a\r\n\r\n", reads: "GET /a GET /", "GET /b "),
    RequestFixture("HEAD with a body", "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy", reads: "HEAD /a xy"),
    RequestFixture("OPTIONS * with a body", "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy", reads: "OPTIONS * xy"),
    RequestFixture(
      "Expect with Content-Length", "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nxy", reads: "PUT /a xy"),
    RequestFixture("an unknown expectation on HTTP/1.0 is ignored", "GET / HTTP/1.0\r\nExpect: 200-ok\r\n\r\n", reads: "GET / "),
    RequestFixture(
      "chunks", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nC\r\n, you there!\r\n0\r\n\r\n",
      reads: "POST /a hello, you there!"),
    RequestFixture(
      "chunked in capitals, sizes with leading zeros", "POST /a HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n0002\r\nhi\r\n000\r\n\r\n",
      reads: "POST /a hi"),
    RequestFixture(
      "a chunk that holds CRLF and a size", "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
      reads: "POST /a \r\n0\r\n\r\n"),
    RequestFixture(
      "chunk extensions are skipped",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c=\"d;\\\" e\"\r\nhi\r\n1 ; x\r\n!\r\n0;last\r\n\r\n",
      reads: "POST /a hi!"),
    RequestFixture(
      "trailers are dropped",
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nDigest: x\r\nServer-Timing: y\r\n\r\n", reads: "POST /a hi"),
    RequestFixture(
      "pipelined requests",
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /c HTTP/1.1\r\nHost: a\r\n\r\n",
      reads: "GET /a ", "POST /b x", "GET /c "),
    RequestFixture(
      "absolute form that matches Host", "GET http://Example.org/a?b=c HTTP/1.1\r\nHost: example.ORG\r\n\r\n", reads: "GET http://Example.org/a?b=c "),
    RequestFixture(
      "absolute form with the default port", "GET http://example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n", reads: "GET http://example.org:80 "),
    RequestFixture(
      "absolute form of HTTPS with its default port", "GET https://example.org:443/ HTTP/1.1\r\nHost: example.org\r\n\r\n",
      reads: "GET https://example.org:443/ "),
    RequestFixture(
      "the default port in Host alone", "GET https://example.org/ HTTP/1.1\r\nHost: example.org:443\r\n\r\n", reads: "GET https://example.org/ "),
    RequestFixture("absolute form with an empty port", "GET http://[::1]:/ HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", reads: "GET http://[::1]:/ "),
    RequestFixture("a token with every mark", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~9z: v\r\n\r\n", reads: "GET / "),
    RequestFixture("an unknown method is a token", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", reads: "BREW /pot "),
    RequestFixture("an encoded slash stays in its segment", "GET /a%2Fb/c HTTP/1.1\r\nHost: a\r\n\r\n", reads: "GET /a%2Fb/c "),
    RequestFixture("a body that has not come", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\nhello"),
    RequestFixture("a header section that has not ended", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Le"),
    RequestFixture("a missing final CRLF", "GET / HTTP/1.1\r\nHost: a\r\n"),
    RequestFixture("nothing", ""),
  ]
}
