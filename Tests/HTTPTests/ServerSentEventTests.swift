import HTTP
import Testing

@Suite("Server-sent events")
struct ServerSentEventTests {
  @Test(
    "are written line by line, and nothing in them starts another field",
    arguments: [
      (ServerSentEvent(data: "one"), "data: one\n\n"), (ServerSentEvent(data: ""), "data: \n\n"),
      (ServerSentEvent(data: "a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
      (
        ServerSentEvent(data: "{}", name: "metric", id: "12", retry: .seconds(3)),
        "retry: 3000\nid: 12\nevent: metric\ndata: {}\n\n"
      ), (ServerSentEvent(data: "x", name: "a\r\ndata: y", id: "1\n2\0"), "id: 1 2 \nevent: a  data: y\ndata: x\n\n"),
    ])
  func wire(event: ServerSentEvent, text: String) {
    #expect(String(decoding: event.bytes, as: UTF8.self) == text)
  }

  @Test("arrive one by one while the stream goes on")
  func streams() async throws {
    let seen = Event()
    let handler = ClosureHandler { _ in
      .events { events in
        try await events.sendHeartbeat()
        try await events.send(ServerSentEvent(data: "first"))
        await seen.wait()
        try await events.send(ServerSentEvent(data: "second"))
      }
    }
    try await withServer(handler.compressed()) { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/", "Accept-Encoding: gzip\r\n"))
      #expect(await client.received(through: "data: first\n\n")?.contains("Content-Type: text/event-stream") == true)
      seen.happen()
      #expect(await client.received(through: "data: second\n\n") != nil)
    }
  }
}
