/// One event of a `text/event-stream` (HTML Living Standard §9.2).
package struct ServerSentEvent: Sendable, Equatable {
  /// Its lines arrive as they are; an event without data is not delivered by clients.
  package var data: String
  /// The kind of event; nil is `message`.
  package var name: String?
  /// Comes back as `Last-Event-ID` when the client connects again.
  package var id: String?
  /// How long the client waits before it connects again.
  package var retry: Duration?

  package init(data: String, name: String? = nil, id: String? = nil, retry: Duration? = nil) {
    self.data = data
    self.name = name
    self.id = id
    self.retry = retry
  }

  /// A line that clients ignore; it keeps proxies from closing a quiet stream, and finds out whether the client is there.
  package static let heartbeat = Array(":\n\n".utf8)

  /// The event on the wire. Line breaks in `name` and `id` become spaces, as do NULs in `id`, for which clients drop it.
  package var bytes: [UInt8] {
    var text = ""
    if let retry { text += "retry: \(Int(retry / .milliseconds(1)))\n" }
    if let id { text += "id: \(Self.oneLine(id))\n" }
    if let name { text += "event: \(Self.oneLine(name))\n" }
    // A line ends with CR, LF or CRLF, each alone (§9.2.5); Swift sees CRLF as one character.
    for line in data.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }) {
      text += "data: \(line)\n"
    }
    return Array((text + "\n").utf8)
  }

  private static func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { ["\n", "\r", "\0"].contains($0) ? " " : $0 }))
  }
}

/// The writing end of an event stream.
package struct EventWriter: Sendable {
  private let body: BodyWriter

  fileprivate init(_ body: BodyWriter) { self.body = body }

  /// Sends one event; returns when there is room for the next, throws once the client is gone.
  package func send(_ event: ServerSentEvent) async throws { try await body.write(event.bytes) }

  package func sendHeartbeat() async throws { try await body.write(ServerSentEvent.heartbeat) }
}

extension Response {
  /// A stream of events: never cached, never held back by a proxy.
  package static func events(_ write: @escaping @Sendable (EventWriter) async throws -> Void) -> Response {
    Response(
      headers: ["Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"],
      body: .stream(length: nil) { try await write(EventWriter($0)) })
  }
}
