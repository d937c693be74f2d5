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
