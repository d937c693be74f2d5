package import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// Every path of the contract; `openapi.yaml` describes the same ones, and a test compares the two.
  package var router: Router {
    var router = Router(bodyLimit: limits.bodyBytes, refuse: refuse)

    // What asks a model something changes nothing: `If-Match` is looked at where the model is known.
    func add(
      _ method: Method, _ pattern: String, _ scope: Gate.Scope, bodyLimit: Int? = nil, asksModel: Bool = false,
      _ endpoint: nonisolated(nonsending) @escaping @Sendable (Request, Caller) async throws -> Response
    ) {
      router.add(method, pattern, bodyLimit: bodyLimit) { request in
        let start = ContinuousClock.now
        let response = await answering(request) { request in
          let caller = try admission.admit(request, to: scope)
          (request.attachment as? RequestNotes)?.key = caller.principal.key
          try await requireModel(of: request, route: pattern, caller)
          if !asksModel, let refusal = request.failedPrecondition { throw refusal }
          let response = try await endpoint(request, caller)
          if let refusal = request.failedPrecondition(of: response) { throw refusal }
          return response
        }
        metrics.count(method: method.rawValue, route: pattern, status: response.status.code, after: .now - start)
        return response
      }
    }
    func add(
      _ method: Method, _ pattern: String, _ scope: Gate.Scope, bodyLimit: Int? = nil, asksModel: Bool = false,
      _ endpoint: nonisolated(nonsending) @escaping @Sendable (Request) async throws -> Response
    ) {
      add(method, pattern, scope, bodyLimit: bodyLimit, asksModel: asksModel) { request, _ in try await endpoint(request) }
    }

    add(.get, "/", .open, page)
    add(.get, "/healthz", .open, health)
    add(.get, "/metrics", .metrics, metricsText)
    add(.get, "/openapi.yaml", .open, contract)
    add(.get, "/page/{digest}/{file}", .open, pageFile)
    add(.get, "/page/{digest}/{folder}/{file}", .open, pageFile)
    add(.get, "/readyz", .open, ready)

    add(.get, "/v1/families", .infer, families)
    add(.get, "/v1/models", .infer, listModels)
    add(.get, "/v1/models/{model}", .infer, showModel)
    add(.get, "/v1/models/{model}/file", .admin, modelFile)
    add(.get, "/v1/models/{model}/scores", .infer, showScores)
    for kind in RequestKind.all {
      // What is read as a whole is held to `bodyBytes` by the endpoint.
      let bodyLimit = kind.items == .references ? limits.bodyBytes : max(limits.bodyBytes, limits.streamedBodyBytes)
      add(.post, "/v1/models/{model}/\(kind.name)", .infer, bodyLimit: bodyLimit, asksModel: true) { request in
        try await recorded(kind.name, request) { account in try await perform(kind, request, account) }
      }
    }

    let samples = RequestKind(SampleRequest.self)
    add(.get, "/v1/models/{model}/\(samples.name)", .infer) { request in try await keptSamples(request, samples) }

    for operation in BitsOperation.allCases {
      add(
        .post, "/v1/models/{model}/\(operation.name)", .infer, bodyLimit: max(limits.bodyBytes, limits.streamedBodyBytes), asksModel: true
      ) { request in
        try await recorded(operation.name, request) { account in try await perform(operation, request, account) }
      }
    }

    add(.post, "/v1/models/{model}/\(AuditRequest.name)", .infer, asksModel: true, auditModel)

    add(.post, "/v1/pool", .infer, pool)

    add(.get, "/v1/runs", .infer, listRuns)
    add(.get, "/v1/runs/{id}", .infer, showRun)
    add(.get, "/v1/runs/compare", .infer, compareRuns)
    add(.post, "/v1/runs/{id}/cancel", .infer, cancelRun)
    add(.get, "/v1/runs/{id}/documents/{name}", .infer, showRunDocument)
    add(.get, "/v1/runs/{id}/events", .infer, runEvents)
    add(.get, "/v1/runs/{id}/metrics", .infer, showRunMetrics)
    add(.post, "/v1/runs/{id}/replay", .infer, replayRun)

    add(.post, "/v1/sign-in", .open, signIn)
    add(.delete, "/v1/sign-in", .infer, signOut)

    // The change log under its name before an audit meant an attack alone.
    add(.get, "/v1/admin/audit", .admin, listChanges)
    add(.get, "/v1/admin/changes", .admin, listChanges)
    add(.get, "/v1/admin/datasets", .admin, listDatasets)
    add(.get, "/v1/admin/datasets/{name}", .admin, showDataset)
    add(.post, "/v1/admin/datasets/{name}", .admin, bodyLimit: limits.modelBytes + (1 << 20), addDataset)
    add(.delete, "/v1/admin/datasets/{name}", .admin, deleteDataset)
    add(.get, "/v1/admin/keys", .admin, listKeys)
    add(.post, "/v1/admin/keys", .admin, createKey)
    add(.delete, "/v1/admin/keys/{id}", .admin, revokeKey)
    add(.post, "/v1/admin/links", .admin, makeLink)
    add(.delete, "/v1/admin/models/{name}", .admin, deleteModel)
    add(.patch, "/v1/admin/models/{name}", .admin, annotateModel)
    add(.post, "/v1/admin/models/{name}/rename", .admin, renameModel)
    // A form's framing comes on top of the file.
    add(.post, "/v1/admin/models/{name}/versions", .admin, bodyLimit: limits.modelBytes + (1 << 20), upload)
    add(.patch, "/v1/admin/models/{name}/versions/{version}", .admin, annotateVersion)
    add(.delete, "/v1/admin/models/{name}/versions/{version}", .admin, deleteVersion)
    add(.put, "/v1/admin/models/{name}/aliases/{alias}", .admin, moveAlias)
    add(.post, "/v1/admin/runs", .admin, startJob)
    add(.patch, "/v1/admin/runs/{id}", .admin, annotateRun)
    add(.delete, "/v1/admin/runs/{id}/files", .admin, deleteRunFiles)
    add(.delete, "/v1/admin/models/{name}/aliases/{alias}", .admin, deleteAlias)
    add(.get, "/v1/admin/models/{name}/aliases/{alias}/history", .admin, aliasHistory)

    // The Open Inference Protocol.
    add(.get, "/v2", .infer, inferenceServer)
    add(.get, "/v2/health/live", .open, inferenceLive)
    add(.get, "/v2/health/ready", .open, inferenceReady)
    add(.get, "/v2/models/stats", .infer, inferenceStatistics)
    for model in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"] {
      add(.get, model, .infer, inferenceMetadata)
      add(.get, "\(model)/config", .infer, inferenceConfiguration)
      add(.post, "\(model)/infer", .infer, infer)
      add(.get, "\(model)/ready", .infer, inferenceModelReady)
      add(.get, "\(model)/stats", .infer, inferenceStatistics)
    }
    add(.get, "/v2/repository/index", .infer, inferenceIndex)
    add(.post, "/v2/repository/index", .infer, inferenceIndex)
    add(.post, "/v2/repository/models/{model}/load", .admin, inferenceLoad)
    add(.post, "/v2/repository/models/{model}/unload", .admin, inferenceUnload)
    return router
  }

  /// A key for some models reaches nothing of others, whatever the route.
  private nonisolated(nonsending) func requireModel(of request: Request, route: String, _ caller: Caller) async throws {
    guard caller.models != nil else { return }
    if let reference = request.parameters["model"] {
      // Under /v2 an operation may stand behind it.
      try caller.requireModel(String(reference.prefix { $0 != "@" && $0 != ":" }), field: "model")
    }
    if route.hasPrefix("/v1/runs/{id}") {
      let id = request.parameter("id")
      let run = try await storeLanes.run { [self] in try recordedRun(id) }
      try caller.requireModel(run.description.model, field: "id")
    }
  }
}
