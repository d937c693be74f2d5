internal import CResources
internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// GET /healthz: the process answers.
  func health(_ request: Request) throws -> Response {
    try request.checkQuery()
    return .json(.record(["status": .string("ok")]))
  }

  /// GET /readyz: the process wants requests.
  func ready(_ request: Request) throws -> Response {
    try request.checkQuery()
    let state = readiness.state
    guard state == .ready else {
      throw Problem(
        .unavailable, "The server is \(state.rawValue).", members: [.init(name: "state", value: .string(state.rawValue))],
        headers: ["Retry-After": "1"])
    }
    return .json(.record(["status": .string("ready"), "failed_models": .strings(readiness.failedModels)]))
  }

  /// GET /metrics
  func metricsText(_ request: Request) throws -> Response {
    try request.checkQuery()
    return .text(
      metrics.text(batcher: batcher, memory: memory, models: models) + Self.text(recorder.counters), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// GET /openapi.yaml
  func contract(_ request: Request) throws -> Response {
    try request.checkQuery()
    let contract = EmbeddedResource.contract
    let tag = EntityTag(String(SHA256.digest(contract).hex.prefix(32)))
    return Response.bytes(contract, type: "application/yaml").tagged(tag, for: request)
  }
}

/// A file of the project that travels inside the binary.
package enum EmbeddedResource {
  /// The HTTP contract, `openapi.yaml`.
  package static var contract: [UInt8] { bytes(named: "openapi.yaml") }

  private static func bytes(named name: String) -> [UInt8] {
    for index in 0..<embedded_resources_count {
      let resource = embedded_resource_at(index)
      if String(cString: resource.name) == name { return Array(UnsafeBufferPointer(start: resource.bytes, count: resource.count)) }
    }
    preconditionFailure("\(name) is not in the binary")
  }
}
