import Formats
import Foundation
import FoundationNetworking
import HTTP

/// A server, over HTTP or HTTPS.
struct ServerConnection: RegistryConnection {
  private let base: String
  private let key: String?
  private let session: URLSession

  /// - Parameter authorities: a PEM file that vouches for the server's certificate; nil for the system's.
  /// - Throws: `CommandError` for what is no address of a server, and for a file that can't be read.
  init(address: String, key: String?, authorities: String? = nil) throws {
    if let authorities {
      guard FileManager.default.isReadableFile(atPath: authorities) else { throw CommandError("The authorities in \(authorities) can't be read.") }
      // Foundation on Linux asks curl, and this is how it is told.
      setenv("URLSessionCertificateAuthorityInfoFile", authorities, 1)
    }
    var base = address
    while base.hasSuffix("/") { base.removeLast() }
    guard let url = URL(string: base), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host?.isEmpty == false, url.query == nil
    else {
      throw CommandError("\"\(address)\" is no address of a server, expected one like http://127.0.0.1:8080")
    }
    if let key, !key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { throw CommandError("The key has characters that no key has.") }
    self.base = base
    self.key = key
    let configuration = URLSessionConfiguration.ephemeral
    // An upload answers when the model was loaded and tried out.
    configuration.timeoutIntervalForRequest = 600
    session = URLSession(configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
  }

  func send(_ method: HTTP.Method, _ target: String, body: [UInt8], accepting type: String?) async throws -> RegistryAnswer {
    var request = try request(method, target)
    if let type { request.setValue(type, forHTTPHeaderField: "Accept") }
    if !body.isEmpty {
      request.httpBody = Data(body)
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    let final = request
    return try await exchange { try await session.data(for: final) }
  }

  func upload(file: String, to target: String, digest: Digest) async throws -> RegistryAnswer {
    var request = try request(.post, target)
    request.setValue("application/octet-stream", forHTTPHeaderField: "Content-Type")
    request.setValue("sha-256=:\(digest.base64):", forHTTPHeaderField: "Content-Digest")
    let final = request
    return try await exchange { try await session.upload(for: final, fromFile: URL(fileURLWithPath: file)) }
  }

  private func request(_ method: HTTP.Method, _ target: String) throws -> URLRequest {
    guard let url = URL(string: base + target) else { throw CommandError("\(base + target) is no address.") }
    var request = URLRequest(url: url)
    request.httpMethod = method.rawValue
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    return request
  }

  private func exchange(_ body: () async throws -> (Data, URLResponse)) async throws -> RegistryAnswer {
    let (data, response): (Data, URLResponse)
    do {
      (data, response) = try await body()
    } catch let error as URLError {
      throw RegistryRefusal(status: 0, detail: "\(base) does not answer: \(error.localizedDescription)")
    }
    guard let response = response as? HTTPURLResponse else { throw RegistryRefusal(status: 0, detail: "\(base) does not answer as a server does.") }
    return RegistryAnswer(status: response.statusCode, body: Array(data))
  }
}

/// A key goes to the server that was named and to no other.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) { completionHandler(nil) }
}
