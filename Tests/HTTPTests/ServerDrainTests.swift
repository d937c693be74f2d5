import Foundation
import HTTP
import Testing

@Suite("A server that drains")
struct ServerDrainTests {
  @Test("still answers old and new connections, for load balancers to notice that it is not ready")
  func servesWhileDraining() async {
    // In a process of its own, because the drain is made to last for ever.
    await #expect(processExitsWith: .success) {
      let drained = Event()
      let server = Server(handler: .target, listen: [try ListenAddress("127.0.0.1:0")], onDraining: { drained.happen() })
      let address = try server.start()[0]
      let old = try TestClient(address)
      await old.send(request("GET", "/before"))
      try #require(await old.response()?.body == "/before")
      Task { await server.shutdown(drain: .seconds(1_000_000)) }
      await drained.wait()
      for client in [old, try TestClient(address)] {
        await client.send(request("GET", "/during"))
        let answer = try #require(await client.response())
        try #require(answer.body == "/during" && answer["connection"] == nil)
      }
      exit(EXIT_SUCCESS)
    }
  }
}
