import Foundation
import Glibc
import HTTP

/// Certificates of an authority of its own, made for one test and thrown away with it.
final class TLSFixture: Sendable {
  let directory: URL

  struct Failure: Error { let output: String }

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    try run("openssl", ["req", "-x509"] + curve + ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority"])
    try issue("server")
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// A certificate for localhost, `NAME.pem` and `NAME.key`, signed by the authority.
  func issue(_ name: String) throws {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    try run("openssl", ["req"] + curve + ["-keyout", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=\(name)"])
    try Data("subjectAltName=DNS:localhost,IP:127.0.0.1\n".utf8).write(to: directory.appendingPathComponent("san.cnf"))
    try run(
      "openssl",
      ["x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san.cnf", "-out"]
        + ["\(name).pem"])
  }

  func path(_ file: String) -> String { directory.appendingPathComponent(file).path }

  func identity(clientAuthority: Bool = false) throws -> TLSIdentity {
    try TLSIdentity(.init(certificate: path("server.pem"), key: path("server.key"), clientAuthority: clientAuthority ? path("ca.pem") : nil))
  }

  /// Runs a program in the folder of the certificates; its output is what it printed to both streams.
  @discardableResult
  func run(_ program: String, _ arguments: [String], input: String? = nil, mayFail: Bool = false) throws -> String {
    let (given, output) = (path(UUID().uuidString), path(UUID().uuidString))
    try Data((input ?? "").utf8).write(to: URL(fileURLWithPath: given))
    let script = "cd \"$1\" && given=$2 output=$3 && shift 3 && exec \"$@\" <\"$given\" >\"$output\" 2>&1"
    let words = ["sh", "-c", script, "sh", directory.path, given, output, program] + arguments
    // Not Foundation's Process, which reads past a directory entry: the address sanitizer ends the tests for that.
    var copies = words.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    var child: pid_t = 0
    guard posix_spawn(&child, "/bin/sh", nil, nil, &copies, environ) == 0 else { throw Failure(output: "no shell") }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    // Not Data(contentsOf:), which loses a buffer at each empty file: the leak sanitizer says so.
    let text = String(decoding: try FileHandle(forReadingFrom: URL(fileURLWithPath: output)).readToEnd() ?? Data(), as: UTF8.self)
    guard mayFail || status == 0 else { throw Failure(output: text) }
    return text
  }

  /// `curl` that trusts the authority; a thread of its own waits for it.
  func curl(_ arguments: [String], mayFail: Bool = false) async throws -> String {
    try await aside { try self.run("curl", ["-sS", "--max-time", "20", "--cacert", "ca.pem"] + arguments, mayFail: mayFail) }
  }

  func openssl(_ arguments: [String], input: String? = nil) async throws -> String {
    try await aside { try self.run("openssl", arguments, input: input, mayFail: true) }
  }

  private func aside(_ body: @escaping @Sendable () throws -> String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}

/// Runs a server with a plain and a TLS port for the length of a test.
func withSecureServer(
  _ handler: some Handler, identity: TLSIdentity, limits: Limits = Limits(), loops: Int = 1,
  _ test: (Server, _ plain: ListenAddress, _ secure: ListenAddress) async throws -> Void
) async throws {
  let any = try ListenAddress("127.0.0.1:0")
  let server = Server(handler: handler, listen: [any], secure: [any], identity: identity, limits: limits, loops: loops)
  let addresses = try server.start()
  do {
    try await test(server, addresses[0], addresses[1])
  } catch {
    await server.shutdown(timeout: .zero)
    throw error
  }
  await server.shutdown(timeout: .zero)
}
