import Benchmarking
import Testing

@Suite struct DestinationTests {
  @Test(
    "Addresses of servers are read",
    arguments: [
      ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://localhost", "http://localhost:80"), ("http://[::1]:90/", "http://[::1]:90"),
      ("http://a.b:1/base/x/", "http://a.b:1/base/x"),
    ])
  func addresses(text: String, canonical: String) throws {
    #expect(try Destination(url: text).description == canonical)
  }

  @Test(
    "Others are refused with what was expected",
    arguments: [
      "", "localhost:8080", "https://localhost", "http://", "http://a:0", "http://a:70000", "http://a/?x=1", "http://u@a/", "ftp://a", "http://a b",
    ])
  func refusals(text: String) {
    #expect(throws: Destination.Invalid.self) { try Destination(url: text) }
  }

  @Test("A socket's path has to fit")
  func sockets() throws {
    #expect(try Destination(socketPath: "/run/x.sock").description == "unix:/run/x.sock")
    #expect(throws: Destination.Invalid.self) { try Destination(socketPath: "") }
    #expect(throws: Destination.Invalid.self) { try Destination(socketPath: String(repeating: "a", count: 108)) }
  }
}
