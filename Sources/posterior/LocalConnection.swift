import Families
import Formats
import Foundation
import HTTP
import Registry
import Service

/// A store's folder: the service's own routes, without a socket, a key or a server.
struct LocalConnection: RegistryConnection {
  private let store: ModelStore
  private let application: Application
  private let handler: any Handler

  init(_ store: ModelStore) {
    self.store = store
    application = Application(store: store, caller: .commandLine, options: Application.Options(lanes: 1, families: Catalogue.families))
    handler = application.handler
  }

  func send(_ method: HTTP.Method, _ target: String, body: [UInt8], accepting type: String?) async throws -> RegistryAnswer {
    try await answer(await handler.respond(to: try Request(method, target, headers: type.map { ["Accept": $0] } ?? [:], body: body)))
  }

  /// A copy with its own digest goes to the store, and the file stays the user's.
  func upload(file: String, to target: String, digest: Digest) async throws -> RegistryAnswer {
    let request = try Request(.post, target)
    // /v1/admin/models/{name}/versions
    let name = request.segments[3]
    let staged = try store.stageUpload()
    do {
      let handle = try FileHandle(forReadingFrom: file.fileURL)
      while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { try staged.write(chunk) }
    } catch {
      staged.abort()
      throw error
    }
    do {
      return try await answer(
        await application.register(
          staged, as: name, alias: request.query["alias"], reason: request.query["reason"] ?? "", by: .commandLine, expecting: digest))
    } catch {
      guard let problem = Problem(error) else { throw error }
      return try await answer(problem.response)
    }
  }

  private func answer(_ response: Response) async throws -> RegistryAnswer {
    RegistryAnswer(status: response.status.code, body: try await response.body.collect())
  }
}
