/// How an answer's body is delimited, and whether the connection lives on (RFC 9112 §6.3, §9.3).
package struct ResponsePlan: Equatable, Sendable {
  package enum Framing: Equatable, Sendable {
    /// No body and no length: 204, 304 (RFC 9110 §8.6).
    case none
    case length(Int)
    case chunked
    /// HTTP/1.0: the end of the connection is the end of the body.
    case untilClose
  }

  package var framing: Framing
  /// False for HEAD, 204 and 304: the head alone is sent.
  package var sendsBody: Bool
  package var keepsAlive: Bool
  /// HTTP/1.0 has to be told that the connection stays open.
  package var announcesKeepAlive: Bool

  package init(framing: Framing, sendsBody: Bool, keepsAlive: Bool, announcesKeepAlive: Bool) {
    self.framing = framing
    self.sendsBody = sendsBody
    self.keepsAlive = keepsAlive
    self.announcesKeepAlive = announcesKeepAlive
  }
}
