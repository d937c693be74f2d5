/// One request as a handler sees it; the body streams.
package struct Request: Sendable {
  package var method: Method
  /// The target as sent.
  package var target: String
  /// Percent-decoded path segments, `/` being []; a decoded segment may hold a slash that came as %2F.
  package var segments: [String]
  package var query: Query
  package var headers: HeaderFields
  /// `address:port` of the peer, or of the client that a trusted proxy names; `unix` through a Unix-domain socket; "" in memory.
  package var remoteAddress: String
  /// Whether it came under TLS.
  package var isSecure: Bool
  package var body: RequestBody
  /// Segments that a router's pattern named: `{model}` is `parameters["model"]`.
  package var parameters: [String: String] = [:]
  /// The path below which the server stands for its clients, without a slash at its end; "" where it is the root.
  package var prefix = ""
  /// What a decorator hands to those inside it.
  package var attachment: (any Sendable)?
  /// The pattern of the route that matched.
  package var route: String?

  init(head: RequestHead, body: RequestBody, remoteAddress: String, isSecure: Bool = false) {
    method = head.method
    target = head.target.text
    segments = head.target.segments
    query = head.target.query
    headers = head.headers
    self.remoteAddress = remoteAddress
    self.isSecure = isSecure
    self.body = body
  }

  /// A request in memory, its target held to the same rules as one from a socket.
  package init(
    _ method: Method, _ target: String, headers: HeaderFields = [:], body: [UInt8] = [], remoteAddress: String = "", isSecure: Bool = false
  ) throws(ParseError) {
    let bytes = Array(target.utf8)
    guard !bytes.isEmpty else { throw .invalidTarget }
    let parsed = try RequestTarget(bytes.span, method: method)
    var head = RequestHead(method: method, target: parsed, version: .http11)
    head.headers = headers
    self.init(head: head, body: RequestBody(body), remoteAddress: remoteAddress, isSecure: isSecure)
  }
}
