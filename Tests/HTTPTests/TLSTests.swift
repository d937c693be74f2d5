import Foundation
import HTTP
import Synchronization
import Testing

@Suite("A server under TLS")
struct TLSTests {
  @Test("answers on a plain and on a secure port at once", arguments: ["--tls-max 1.2", "--tlsv1.3"])
  func bothPorts(version: String) async throws {
    let fixture = try TLSFixture()
    try await withSecureServer(.target, identity: fixture.identity()) { _, plain, secure in
      let arguments = version.split(separator: " ").map(String.init)
      let overTLS = try await fixture.curl(arguments + ["https://localhost:\(secure.port)/a", "https://localhost:\(secure.port)/b"])
      #expect(overTLS == "/a/b")
      let overTCP = try await fixture.curl(["http://localhost:\(plain.port)/c"])
      #expect(overTCP == "/c")
    }
  }

  @Test("carries large bodies both ways", arguments: [1, 2])
  func largeBodies(loops: Int) async throws {
    let fixture = try TLSFixture()
    let body = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    try body.write(to: fixture.directory.appendingPathComponent("body"))
    try await withSecureServer(.echo, identity: fixture.identity(), loops: loops) { _, _, secure in
      _ = try await fixture.curl(["-T", "body", "-o", "echo", "https://localhost:\(secure.port)/"])
      #expect(try Data(contentsOf: fixture.directory.appendingPathComponent("echo")) == body)
    }
  }

  @Test("speaks no version before 1.2")
  func oldVersions() async throws {
    let fixture = try TLSFixture()
    try await withSecureServer(.target, identity: fixture.identity()) { _, _, secure in
      let output = try await fixture.openssl(["s_client", "-connect", "localhost:\(secure.port)", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
      #expect(output.contains("alert protocol version"))
    }
  }

  @Test("chooses http/1.1 by ALPN, and refuses a client that speaks none of it")
  func applicationProtocol() async throws {
    let fixture = try TLSFixture()
    try await withSecureServer(.target, identity: fixture.identity()) { _, _, secure in
      let both = try await fixture.openssl(["s_client", "-connect", "localhost:\(secure.port)", "-alpn", "h2,http/1.1"])
      #expect(both.contains("ALPN protocol: http/1.1"))
      let other = try await fixture.openssl(["s_client", "-connect", "localhost:\(secure.port)", "-alpn", "h2"])
      #expect(other.contains("no application protocol"))
    }
  }

  @Test("resumes a session", arguments: ["-tls1_2", "-tls1_3"])
  func resumption(version: String) async throws {
    let fixture = try TLSFixture()
    try await withSecureServer(.target, identity: fixture.identity()) { _, _, secure in
      let connect = ["s_client", "-connect", "localhost:\(secure.port)", version, "-ign_eof"]
      let question = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      let first = try await fixture.openssl(connect + ["-sess_out", "session"], input: question)
      #expect(first.contains("New, "))
      let second = try await fixture.openssl(connect + ["-sess_in", "session"], input: question)
      #expect(second.contains("Reused, ") && second.contains("HTTP/1.1 200 OK"))
    }
  }

  @Test("takes a new certificate for new connections while an old one goes on")
  func reload() async throws {
    let fixture = try TLSFixture()
    let identity = try fixture.identity()
    let started = Event()
    let gate = Event()
    let handler = ClosureHandler { request in
      if request.target == "/slow" {
        started.happen()
        await gate.wait()
      }
      return .text(request.target)
    }
    try await withSecureServer(handler, identity: identity) { _, _, secure in
      let open = Task { try await fixture.curl(["https://localhost:\(secure.port)/slow", "https://localhost:\(secure.port)/again"]) }
      await started.wait()
      try fixture.issue("renewed")
      for kind in ["pem", "key"] { try fixture.replace("server.\(kind)", with: "renewed.\(kind)") }
      try identity.reload()
      let shown = try await fixture.openssl(["s_client", "-connect", "localhost:\(secure.port)"])
      #expect(shown.contains("subject=CN = renewed"))
      gate.happen()
      #expect(try await open.value == "/slow/again")
    }
  }

  @Test("keeps its certificate when the new one is no good")
  func failedReload() async throws {
    let fixture = try TLSFixture()
    let identity = try fixture.identity()
    try Data("nothing\n".utf8).write(to: fixture.directory.appendingPathComponent("server.pem"))
    #expect(throws: TLSError.self) { try identity.reload() }
    try await withSecureServer(.target, identity: identity) { _, _, secure in
      let answer = try await fixture.curl(["https://localhost:\(secure.port)/still"])
      #expect(answer == "/still")
    }
  }

  @Test("says what is wrong with its files")
  func badFiles() throws {
    let fixture = try TLSFixture()
    try fixture.issue("other")
    let mismatch = #expect(throws: TLSError.self) {
      try TLSIdentity(.init(certificate: fixture.path("server.pem"), key: fixture.path("other.key")))
    }
    #expect(mismatch?.description.hasSuffix("server.pem: key values mismatch") == true)
    let missing = #expect(throws: TLSError.self) { try TLSIdentity(.init(certificate: fixture.path("none.pem"), key: fixture.path("server.key"))) }
    #expect(missing?.description.hasSuffix("none.pem: No such file or directory") == true)
  }

  @Test("lets in only clients with a certificate, where it is told to")
  func clientCertificates() async throws {
    let fixture = try TLSFixture()
    try fixture.issue("client")
    try await withSecureServer(.target, identity: fixture.identity(clientAuthority: true)) { _, _, secure in
      let url = "https://localhost:\(secure.port)/known"
      #expect(try await fixture.curl(["--cert", "client.pem", "--key", "client.key", url]) == "/known")
      #expect(try await fixture.curl([url], mayFail: true).contains("alert"))
      let stranger = try TLSFixture()
      try stranger.issue("client")
      let options = ["--cert", stranger.path("client.pem"), "--key", stranger.path("client.key")]
      #expect(try await fixture.curl(options + [url], mayFail: true).contains("alert"))
    }
  }

  @Test("drops a client that does not shake hands in time, or talks plain HTTP")
  func badHandshake() async throws {
    let fixture = try TLSFixture()
    var limits = Limits()
    limits.handshakeTime = .milliseconds(50)
    try await withSecureServer(.target, identity: fixture.identity(), limits: limits) { _, _, secure in
      let silent = try TestClient(secure)
      #expect(await silent.isEnded())
    }
    try await withSecureServer(.target, identity: fixture.identity()) { server, _, secure in
      let plain = try TestClient(secure)
      await plain.send(request())
      _ = await plain.rest()
      while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  @Test("finishes the request under way when it stops")
  func shutdown() async throws {
    let fixture = try TLSFixture()
    let started = Event()
    let gate = Event()
    let handler = ClosureHandler { request in
      started.happen()
      await gate.wait()
      return .text("finished")
    }
    try await withSecureServer(handler, identity: fixture.identity()) { server, _, secure in
      let answer = Task { try await fixture.curl(["-i", "https://localhost:\(secure.port)/"]) }
      await started.wait()
      let stopping = Task { await server.shutdown() }
      gate.happen()
      let text = try await answer.value
      #expect(text.contains("200 OK") && text.hasSuffix("finished"))
      await stopping.value
    }
  }
}

extension TLSFixture {
  fileprivate func replace(_ file: String, with other: String) throws {
    try FileManager.default.removeItem(atPath: path(file))
    try FileManager.default.moveItem(atPath: path(other), toPath: path(file))
  }
}
