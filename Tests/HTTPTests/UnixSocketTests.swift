import Foundation
import HTTP
import Testing

@Suite("A server on a Unix-domain socket")
struct UnixSocketTests {
  private static func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString.prefix(8)).sock").path
  }

  @Test("answers, and takes its file away when it stops")
  func answers() async throws {
    let path = Self.temporaryPath()
    let handler = ClosureHandler { .text($0.remoteAddress + $0.target) }
    try await withServer(handler, address: "unix:\(path)") { _, address in
      #expect(address.description == "unix:\(path)")
      let client = try TestClient(address)
      await client.send(request("GET", "/a"))
      #expect(await client.response()?.body == "unix/a")
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("takes over from a server that left its file behind, not from one that listens")
  func takeOver() async throws {
    let path = Self.temporaryPath()
    try await withServer(.target, address: "unix:\(path)") { _, address in
      let second = Server(handler: .target, listen: [address])
      #expect(throws: ServerError.cannotListen(address, "Address already in use")) { try second.start() }
      // A hard link survives the first server, with nobody behind it.
      try FileManager.default.linkItem(atPath: path, toPath: path + "2")
    }
    try await withServer(.target, address: "unix:\(path)2") { _, address in
      let client = try TestClient(address)
      await client.send(request("GET", "/b"))
      #expect(await client.response()?.body == "/b")
    }
  }

  @Test("leaves a file alone that is no socket")
  func otherFile() async throws {
    let path = Self.temporaryPath()
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let server = Server(handler: .target, listen: [try ListenAddress("unix:\(path)")])
    #expect(throws: ServerError.self) { try server.start() }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }
}
