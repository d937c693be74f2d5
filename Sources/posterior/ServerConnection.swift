import Dispatch
import Formats
import Foundation
import HTTP

/// The registry of a server, over HTTP.
struct ServerConnection: RegistryConnection {
  private let base: String
  private let key: String?
  private let authorities: String?

  /// - Parameter authorities: a PEM file that vouches for the server's certificate; nil for the system's.
  /// - Throws: `CommandError` for what is no address of a server, and for a file that can't be read.
  init(address: String, key: String?, authorities: String? = nil) throws {
    if let authorities, !FileManager.default.isReadableFile(atPath: authorities) {
      throw CommandError("The authorities in \(authorities) can't be read.")
    }
    var base = address
    while base.hasSuffix("/") { base.removeLast() }
    guard let url = URL(string: base), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host?.isEmpty == false, url.query == nil
    else {
      throw CommandError("\"\(address)\" is no address of a server, expected one like http://127.0.0.1:8080")
    }
    if let key, !key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { throw CommandError("The key has characters that no key has.") }
    (self.base, self.key, self.authorities) = (base, key, authorities)
  }

  func send(_ method: HTTP.Method, _ target: String, body: [UInt8], accepting type: String?) async throws -> RegistryAnswer {
    var exchange = exchange(method, target)
    if let type { exchange.headers.append("Accept: \(type)") }
    if !body.isEmpty {
      exchange.content = .bytes(body)
      exchange.headers.append("Content-Type: application/json")
    }
    return try await answer(to: exchange)
  }

  func upload(file: String, to target: String, digest: Digest) async throws -> RegistryAnswer {
    var exchange = exchange(.post, target)
    exchange.headers += ["Content-Type: application/octet-stream", "Content-Digest: sha-256=:\(digest.base64):"]
    let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
    exchange.content = .file(path: file, byteCount: size ?? 0)
    return try await answer(to: exchange)
  }

  /// Sends a form that lies in a file.
  func upload(form file: String, type: String, to target: String) async throws -> RegistryAnswer {
    var exchange = exchange(.post, target)
    exchange.headers.append("Content-Type: \(type)")
    let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
    exchange.content = .file(path: file, byteCount: size ?? 0)
    return try await answer(to: exchange)
  }

  /// Reads an answer as it comes.
  ///
  /// - Parameter take: gets it piece by piece, on a thread of its own; false ends the reading.
  /// - Returns: the status.
  func stream(_ target: String, headers: [String], _ take: @escaping ([UInt8]) -> Bool) async throws -> Int {
    var exchange = exchange(.get, target)
    exchange.headers += headers
    exchange.patience = nil
    return try await perform(exchange) { piece, _ in take(piece) }.status
  }

  /// Sends bytes and takes the answer as it comes.
  ///
  /// - Parameters:
  ///   - fields: of the answer's head, to be returned where they are there.
  ///   - take: gets the body of a success piece by piece, on a thread of its own; false ends the exchange.
  /// - Throws: `RegistryRefusal` with the answer's own sentence.
  func post(
    _ content: ServerExchange.Content, as type: String, to target: String, accepting answer: String, fields: [String] = [],
    _ take: @escaping ([UInt8]) -> Bool
  ) async throws -> [String: String] {
    var exchange = exchange(.post, target)
    exchange.headers += ["Content-Type: \(type)", "Accept: \(answer)"]
    exchange.content = content
    exchange.wantedFields = fields
    var refusal: [UInt8] = []
    let head = try await perform(exchange) { piece, status in
      if (200..<300).contains(status) { return take(piece) }
      refusal += piece
      return true
    }
    _ = try RegistryAnswer(status: head.status, body: refusal).content
    return head.fields
  }

  private func exchange(_ method: HTTP.Method, _ target: String) -> ServerExchange {
    var exchange = ServerExchange(method: method.rawValue, url: base + target, authorities: authorities)
    if let key { exchange.headers.append("Authorization: Bearer \(key)") }
    return exchange
  }

  private func answer(to exchange: ServerExchange) async throws -> RegistryAnswer {
    var body: [UInt8] = []
    let head = try await perform(exchange) { piece, _ in
      body += piece
      return true
    }
    return RegistryAnswer(status: head.status, body: body)
  }

  /// On a thread of its own: curl waits where it is called.
  private func perform(_ exchange: ServerExchange, _ take: @escaping ([UInt8], Int) -> Bool) async throws -> ServerExchange.Head {
    nonisolated(unsafe) let take = take
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { [base] in
        do throws(ServerExchange.Failure) {
          continuation.resume(returning: try exchange.perform(take))
        } catch {
          continuation.resume(throwing: RegistryRefusal(status: 0, detail: "\(base) does not answer: \(error.reason)."))
        }
      }
    }
  }
}
