import HTTP
import Testing

@Suite("An address to listen on")
struct ListenAddressTests {
  @Test("is read and written alike", arguments: ["127.0.0.1:8080", "[::1]:0", "localhost:65535", "[::]:80", "unix:/run/posterior.sock"])
  func readable(text: String) throws {
    #expect(try ListenAddress(text).description == text)
  }

  @Test(
    "is refused when host or port is missing",
    arguments: [
      "", "8080", ":8080", "a:", "a:b", "a:65536", "a:-1", "::1:80", "[]:80", "unix:", "unix:relative", "unix:/" + String(repeating: "x", count: 107),
    ])
  func refused(text: String) {
    #expect(throws: ListenAddress.Invalid.self) { try ListenAddress(text) }
  }

  @Test(
    "knows the loopback",
    arguments: [("127.0.0.1:1", true), ("[::1]:1", true), ("localhost:1", true), ("0.0.0.0:1", false), ("10.0.0.1:1", false), ("unix:/a", true)])
  func loopback(text: String, isLoopback: Bool) throws {
    #expect(try ListenAddress(text).isLoopback == isLoopback)
  }
}
