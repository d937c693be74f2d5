import Formats
import Foundation
import HTTP

/// The way to a registry, behind which every command is written once: the routes of the contract, and their answers.
protocol RegistryConnection: Sendable {
  /// - Parameters:
  ///   - target: the path and query, percent-encoded.
  ///   - type: the media type of the answer; nil for JSON.
  func send(_ method: HTTP.Method, _ target: String, body: [UInt8], accepting type: String?) async throws -> RegistryAnswer

  /// Sends a file without holding it in memory; `digest` is the file's.
  func upload(file: String, to target: String, digest: Digest) async throws -> RegistryAnswer
}

/// What came back, whatever its status.
struct RegistryAnswer: Sendable {
  let status: Int
  let body: [UInt8]

  /// The JSON of a success; `.null` of one without a body.
  ///
  /// - Throws: `RegistryRefusal` with the answer's own sentence.
  var json: JSONValue {
    get throws {
      let content = try content
      return content.isEmpty ? .null : try JSONValue(parsing: content)
    }
  }

  /// The bytes of a success.
  ///
  /// - Throws: `RegistryRefusal` with the answer's own sentence.
  var content: [UInt8] {
    get throws {
      guard (200..<300).contains(status) else {
        guard case .string(let detail)? = (try? JSONValue(parsing: body))?["detail"] else {
          throw RegistryRefusal(status: status, detail: "The server answered \(status), not as Posterior does: is the address right?")
        }
        throw RegistryRefusal(status: status, detail: detail)
      }
      return body
    }
  }
}

/// Why a registry did not do what it was asked.
struct RegistryRefusal: Error, Equatable, CustomStringConvertible {
  /// Of HTTP; 0 where nothing answered.
  let status: Int
  let detail: String

  var description: String { detail }

  /// What scripts tell cases apart by.
  var exitCode: Int32 {
    switch status {
    case 404: 3
    case 409: 4
    case 401, 403: 5
    case 0, 429, 503: 6
    default: 1
    }
  }

  static let exitCodes = """
    Exit codes: 0 done, 1 failed, 3 not there, 4 in conflict with what is there, 5 the key is missing or does not allow it, \
    6 not now (no answer, too much work, too many wrong keys), 64 wrong arguments.
    """
}

extension RegistryConnection {
  func send(_ method: HTTP.Method, _ target: String, body: [UInt8]) async throws -> RegistryAnswer {
    try await send(method, target, body: body, accepting: nil)
  }

  func get(_ path: String..., query: KeyValuePairs<String, String?> = [:]) async throws -> JSONValue {
    try await send(.get, Self.target(path, query), body: []).json
  }

  @discardableResult
  func send(
    _ method: HTTP.Method, _ path: String..., query: KeyValuePairs<String, String?> = [:], json: JSONValue? = nil
  ) async throws -> JSONValue {
    try await send(method, Self.target(path, query), body: json?.text ?? []).json
  }

  /// All pages of a list, one after the other.
  ///
  /// - Parameter name: of the member that holds the entries.
  func all(_ name: String, _ path: String..., query: [(String, String?)] = [], atMost limit: Int = .max) async throws -> [JSONValue] {
    var entries: [JSONValue] = []
    var token: String?
    repeat {
      let size = min(1000, limit - entries.count)
      let page = try await send(.get, Self.target(path, query + [("limit", "\(size)"), ("page_token", token)]), body: []).json
      guard case .array(let values)? = page[name] else { throw RegistryRefusal(status: 0, detail: "The server's answer has no \(name).") }
      entries += values
      token = page.text("next_page_token")
    } while token != nil && entries.count < limit
    return entries
  }

  static func target(_ path: [String], _ query: some Sequence<(String, String?)>) -> String {
    let items = query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
    return "/v1/" + path.map(encoded).joined(separator: "/") + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
  }

  static func target(_ path: [String], _ query: KeyValuePairs<String, String?>) -> String { target(path, query.map { ($0.key, $0.value) }) }

  /// RFC 3986 §2.3: everything but the unreserved characters, and `@`, which is a path's own, is encoded.
  private static func encoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "@"):
        bytes.append(byte)
      default: bytes += Array("%".utf8) + Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16, uppercase: true).utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
