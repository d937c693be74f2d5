import Formats
import HTTP

/// A request and what came back, in memory.
struct Exchange {
  let status: Int
  let headers: HeaderFields
  let body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSONValue { get throws { try JSONValue(parsing: body, numericFields: ["samples", "reconstructions", "mean", "scale"]) } }

  /// A member of the JSON body, by the names on the way to it.
  func member(_ path: String...) throws -> JSONValue? { try path.reduce(json) { $0?[name: $1] } }
}

extension ServiceFixture {
  func exchange(
    _ method: Method, _ target: String, _ headers: HeaderFields = [:], body: [UInt8] = [], key: String? = nil, from address: String = ""
  ) async throws -> Exchange {
    var headers = headers
    if let key { headers["Authorization"] = "Bearer \(key)" }
    let response = await handler.respond(to: try Request(method, target, headers: headers, body: body, remoteAddress: address))
    return Exchange(status: response.status.code, headers: response.headers, body: try await response.body.collect())
  }

  func get(_ target: String, _ headers: HeaderFields = [:], key: String? = nil) async throws -> Exchange {
    try await exchange(.get, target, headers, key: key)
  }

  func post(_ target: String, json: String, accept: String? = nil) async throws -> Exchange {
    var headers: HeaderFields = ["Content-Type": "application/json"]
    headers["Accept"] = accept
    return try await exchange(.post, target, headers, body: Array(json.utf8))
  }

  func post(_ target: String, _ body: [UInt8], type: String, accept: String? = nil) async throws -> Exchange {
    var headers: HeaderFields = ["Content-Type": type]
    headers["Accept"] = accept
    return try await exchange(.post, target, headers, body: body)
  }

  func upload(
    _ bytes: [UInt8], as name: String, query: String = "?alias=live", headers: HeaderFields = ["Content-Type": "application/octet-stream"],
    key: String? = ServiceFixture.key
  ) async throws -> Exchange {
    try await exchange(.post, "/v1/admin/models/\(name)/versions\(query)", headers, body: bytes, key: key)
  }
}

extension JSONValue {
  subscript(name name: String) -> JSONValue? { self[name] }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var numbers: NumberArray? { if case .numbers(let value) = self { value } else { nil } }
  var elements: [JSONValue] { if case .array(let values) = self { values } else { [] } }
}
