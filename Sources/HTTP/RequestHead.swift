/// A request's line and header section, checked and interpreted.
package struct RequestHead: Sendable, Equatable {
  package var method: Method
  package var target: RequestTarget
  package var version: Version
  package var headers = HeaderFields()
  package var framing = BodyFraming.none
  /// What the client asked for: HTTP/1.1 without `close`, HTTP/1.0 with `keep-alive` (RFC 9112 §9.3).
  package var wantsKeepAlive = true
  /// `Expect: 100-continue` (RFC 9110 §10.1.1).
  package var expectsContinue = false
}

package enum Version: Sendable, Equatable {
  case http10, http11
}

/// How the end of a request's body is found (RFC 9112 §6.3).
package enum BodyFraming: Sendable, Equatable {
  case none
  case length(Int)
  case chunked
}
