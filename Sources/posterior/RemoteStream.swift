import ArgumentParser
import Formats
import Foundation
import Service

/// What is asked of a server's model about a stream, instead of a model file: the same bytes.
struct RemoteStream {
  let server: ServerConnection
  let model: String

  /// Sends a file, and writes the answer to another.
  /// - Returns: those of the fields wanted that stand in the answer's head.
  func perform(
    _ operation: BitsOperation, on file: String, as type: MediaType, into output: OutputFile, accepting answer: MediaType,
    options: [(String, String?)], fields: [String] = []
  ) async throws -> [String: String] {
    let size = try? FileManager.default.attributesOfItem(atPath: file)
    let content: ServerExchange.Content =
      if let size, size[.type] as? FileAttributeType == .typeRegular, let count = size[.size] as? Int {
        .file(path: file, byteCount: count)
      } else {
        .bytes(try InputArguments().bytes(of: file).whole())
      }
    var failure: (any Error)?
    let found = try await server.post(
      content, as: type.name, to: ServerConnection.target(["models", model, operation.name], options), accepting: answer.name, fields: fields
    ) { piece in
      do { try output.write(piece) } catch { failure = error }
      return failure == nil
    }
    if let failure { throw failure }
    try output.finish()
    return found
  }
}
