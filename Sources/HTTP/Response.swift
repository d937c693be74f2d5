/// An answer: status, header fields, body. The server adds Date, Content-Length or Transfer-Encoding, and Connection.
package struct Response: Sendable {
  package var status: Status
  package var headers: HeaderFields
  package var body: ResponseBody
  /// What has to live until the last byte is out, such as an account of the memory that the body takes.
  package var kept: (any Sendable)?

  package init(_ status: Status = .ok, headers: HeaderFields = [:], body: ResponseBody = .empty) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  package static func text(_ text: String, status: Status = .ok, type: String = "text/plain; charset=utf-8") -> Response {
    bytes(Array(text.utf8), type: type, status: status)
  }

  package static func bytes(_ bytes: [UInt8], type: String, status: Status = .ok) -> Response {
    Response(status, headers: ["Content-Type": type], body: .bytes(bytes))
  }
}
