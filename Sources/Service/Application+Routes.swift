package import HTTP

extension Application {
  /// Every path of the contract; `openapi.yaml` describes the same ones, and a test compares the two.
  package var router: Router {
    var router = Router(bodyLimit: limits.bodyBytes, refuse: refuse)

    func add(
      _ method: Method, _ pattern: String, _ scope: Gate.Scope, bodyLimit: Int? = nil,
      _ endpoint: @escaping @Sendable (Request) async throws -> Response
    ) {
      router.add(method, pattern, bodyLimit: bodyLimit) { request in
        let response = await answering(request) { request in
          try gate.admit(request, to: scope)
          return try await endpoint(request)
        }
        metrics.count(method: method.rawValue, route: pattern, status: response.status.code)
        return response
      }
    }

    add(.get, "/", .open, page)
    add(.get, "/healthz", .open, health)
    add(.get, "/metrics", .metrics, metricsText)
    add(.get, "/openapi.yaml", .open, contract)
    add(.get, "/readyz", .open, ready)

    add(.get, "/v1/families", .infer, families)
    add(.get, "/v1/models", .infer, listModels)
    add(.get, "/v1/models/{model}", .infer, showModel)
    for operation in Operation.all {
      add(.post, "/v1/models/{model}/\(operation.name)", .infer) { request in try await recorded(operation, request) }
    }

    add(.get, "/v1/runs", .infer, listRuns)
    add(.get, "/v1/runs/{id}", .infer, showRun)
    add(.get, "/v1/runs/compare", .infer, compareRuns)
    add(.get, "/v1/runs/{id}/events", .infer, runEvents)
    add(.get, "/v1/runs/{id}/metrics", .infer, showRunMetrics)
    add(.post, "/v1/runs/{id}/replay", .infer, replayRun)

    // A form's framing comes on top of the file.
    add(.post, "/v1/admin/models/{name}/versions", .admin, bodyLimit: limits.modelBytes + (1 << 20), upload)
    add(.delete, "/v1/admin/models/{name}/versions/{version}", .admin, deleteVersion)
    add(.put, "/v1/admin/models/{name}/aliases/{alias}", .admin, moveAlias)
    add(.delete, "/v1/admin/models/{name}/aliases/{alias}", .admin, deleteAlias)
    add(.get, "/v1/admin/models/{name}/aliases/{alias}/history", .admin, aliasHistory)
    return router
  }
}
