/// Writes response heads and chunks (RFC 9112 §4, §6, §7.1).
enum ResponseEncoder {
  static let continueHead = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
  static let lastChunk = Array("0\r\n\r\n".utf8)

  static func write(_ response: Response, plan: ResponsePlan, date: [UInt8], to output: inout [UInt8]) {
    output.append(utf8: "HTTP/1.1 ")
    output.append(decimal: response.status.code)
    output.append(.space)
    output.append(contentsOf: response.status.reason.utf8)
    output.append(utf8: "\r\n")
    output.append(contentsOf: withoutFraming(response.headers).wire)
    // A browser takes an answer for what its Content-Type says, and for nothing else (Fetch §3.5).
    output.append(utf8: "X-Content-Type-Options: nosniff\r\n")
    output.append(contentsOf: date)
    switch plan.framing {
    case .none, .untilClose: break
    case .length(let length):
      output.append(utf8: "Content-Length: ")
      output.append(decimal: length)
      output.append(utf8: "\r\n")
    case .chunked: output.append(utf8: "Transfer-Encoding: chunked\r\n")
    }
    if !plan.keepsAlive {
      output.append(utf8: "Connection: close\r\n")
    } else if plan.announcesKeepAlive {
      output.append(utf8: "Connection: keep-alive\r\n")
    }
    output.append(utf8: "\r\n")
  }

  /// The fields that the server alone decides are taken out of a handler's answer.
  private static func withoutFraming(_ headers: HeaderFields) -> HeaderFields {
    guard headers.hasName(ofCount: [4, 10, 14, 17, 22]) else { return headers }
    var headers = headers
    for name in ["Date", "Connection", "Content-Length", "Transfer-Encoding", "X-Content-Type-Options"] { headers.removeAll(named: name) }
    return headers
  }

  /// One chunk: size in hexadecimal, data (RFC 9112 §7.1).
  static func write(chunk: [UInt8], to output: inout [UInt8]) {
    output.append(contentsOf: String(chunk.count, radix: 16).utf8)
    output.append(utf8: "\r\n")
    output += chunk
    output.append(utf8: "\r\n")
  }
}

extension [UInt8] {
  fileprivate mutating func append(utf8 text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  fileprivate mutating func append(decimal number: Int) { append(contentsOf: String(number).utf8) }
}
