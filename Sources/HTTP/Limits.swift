/// What one client may take of the server: sizes in bytes, times as durations; every connection is held to all of them.
package struct Limits: Hashable, Sendable {
  /// Request line and header fields together; more is answered 431 (the request line's target alone: 414).
  package var headerBytes = 32 * 1024
  /// Header fields in one request; more is answered 431.
  package var headerCount = 100
  /// The request target; more is answered 414.
  package var targetBytes = 8 * 1024
  /// A body where no route says otherwise; more is answered 413.
  package var bodyBytes = 16 * 1024 * 1024
  /// Trailer fields after a chunked body; more is answered 431.
  package var trailerBytes = 8 * 1024
  /// All chunk extensions of one body together: they are skipped, so they are only good for wasting time.
  package var chunkExtensionBytes = 4 * 1024
  /// Unread request body that is read past, so that the connection can serve another request; beyond it the connection closes.
  package var discardBytes = 256 * 1024
  /// Connections at one time; more are answered 503 and closed.
  package var connections = 4096
  /// Connections of one client (an IPv4 address or an IPv6 /64) at one time; more are answered 429 and closed.
  package var connectionsPerClient = 1024
  /// Requests on one connection before it is closed in good order.
  package var requestsPerConnection = 1_000_000
  /// From a connection's beginning to the end of its TLS handshake; then it closes.
  package var handshakeTime = Duration.seconds(10)
  /// From a connection's beginning to its first request's first byte; then it closes.
  package var firstByteTime = Duration.seconds(10)
  /// From a request's first byte to the end of its header section; then 408.
  package var headerTime = Duration.seconds(10)
  /// Between two arrivals of body bytes while the handler waits for them; then 408.
  package var bodyInactivity = Duration.seconds(20)
  /// Bytes a second that a client has to send of a body that is waited for, or take of an answer; slower is answered 408, or dropped.
  package var minimumRate = 256
  /// The stretch of waiting over which the rate is measured.
  package var rateWindow = Duration.seconds(30)
  /// A keep-alive connection without a request; then it closes.
  package var idle = Duration.seconds(60)
  /// Without progress on an answer that the client doesn't read; then the connection is dropped.
  package var writeStall = Duration.seconds(30)
  /// Between the last answer and the close, so that a client that is still sending can read that answer (RFC 9112 §9.6).
  package var linger = Duration.seconds(1)

  package init() {}

  /// How often deadlines are looked at: fine enough for the shortest of them, coarse enough to cost nothing.
  var tick: Duration {
    let shortest = [handshakeTime, firstByteTime, headerTime, bodyInactivity, rateWindow, idle, writeStall, linger].reduce(.seconds(1), min)
    return min(max(shortest / 4, .milliseconds(5)), .milliseconds(250))
  }
}
