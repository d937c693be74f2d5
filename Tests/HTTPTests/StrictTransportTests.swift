import HTTP
import Testing

@Suite("Strict transport security")
struct StrictTransportTests {
  @Test("is announced under TLS and never otherwise")
  func announced() async throws {
    let handler = ClosureHandler { _ in .text("hi") }.strictTransport(seconds: 31_536_000)
    let secure = await handler.respond(to: try Request(.get, "/", isSecure: true))
    #expect(secure.headers["Strict-Transport-Security"] == "max-age=31536000")
    let plain = await handler.respond(to: try Request(.get, "/"))
    #expect(plain.headers["Strict-Transport-Security"] == nil)
  }
}
