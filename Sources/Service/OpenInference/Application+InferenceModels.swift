internal import Formats
internal import HTTP
internal import ModelFiles
internal import Modelling
internal import Registry

// The server and its models as clients of the Open Inference Protocol look at them.
extension Application {
  static let inferenceExtensions = ["binary_tensor_data", "model_configuration", "model_repository", "parameters", "statistics"]

  /// GET /v2
  func inferenceServer(_ request: Request) throws -> Response {
    try request.checkQuery()
    return .json(
      .record([
        "name": .string("posterior"), "version": .string(BuildInformation.current.title), "extensions": .strings(Self.inferenceExtensions),
      ]))
  }

  /// GET /v2/health/live
  func inferenceLive(_ request: Request) throws -> Response {
    try request.checkQuery()
    return .json(.record(["live": .bool(true)]))
  }

  /// GET /v2/health/ready
  func inferenceReady(_ request: Request) throws -> Response {
    try request.checkQuery()
    let isReady = readiness.state == .ready
    return .json(.record(["ready": .bool(isReady)]), status: isReady ? .ok : .serviceUnavailable)
  }

  /// GET /v2/models/{model}, GET /v2/models/{model}/versions/{version}
  nonisolated(nonsending) func inferenceMetadata(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let target = try InferTarget(request)
    let model = try await models.model(named: target.reference)
    let kind = try target.kind(of: model)
    let outputs = try kind.outputs(of: model, limits).map(\.form)
    let versions = try store.model(named: ModelReference(target.reference).name).versions
    return .json(
      .record([
        "name": .string(target.name), "versions": .strings(versions.map { "\($0.version)" }), "platform": .string(Self.platform(of: model)),
        "inputs": .array(kind.inputs(of: model).map(Self.metadata)), "outputs": .array(outputs.map(Self.metadata)),
      ]))
  }

  /// GET /v2/models/{model}/ready, GET /v2/models/{model}/versions/{version}/ready
  nonisolated(nonsending) func inferenceModelReady(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let target = try InferTarget(request)
    let model = try await models.model(named: target.reference)
    _ = try target.kind(of: model)
    return .json(.record(["name": .string(target.name), "ready": .bool(true)]))
  }

  /// GET /v2/models/{model}/config, GET /v2/models/{model}/versions/{version}/config: Triton's `ModelConfig` as far as it means something here.
  nonisolated(nonsending) func inferenceConfiguration(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let target = try InferTarget(request)
    let model = try await models.model(named: target.reference)
    let kind = try target.kind(of: model)
    func tensors(_ forms: [TensorForm]) -> JSONValue {
      .array(
        forms.map { form in
          .record([
            "name": .string(form.name), "data_type": .string(form.type.configurationName), "dims": .array(form.shape.map(JSONValue.integer)),
            "optional": form.isOptional ? .bool(true) : nil,
          ])
        })
    }
    return .json(
      .record([
        "name": .string(target.name), "platform": .string(Self.platform(of: model)), "backend": .string("posterior"),
        // Shapes are whole: the first extent counts items, of which a request has as many as it likes.
        "max_batch_size": .integer(0), "input": tensors(kind.inputs(of: model)), "output": tensors(try kind.outputs(of: model, limits).map(\.form)),
        "model_transaction_policy": .record(["decoupled": .bool(false)]),
      ]))
  }

  /// GET /v2/models/stats, GET /v2/models/{model}/stats, GET /v2/models/{model}/versions/{version}/stats
  func inferenceStatistics(_ request: Request, _ caller: Caller) throws -> Response {
    try request.checkQuery()
    var versions: [ModelVersion] = []
    if request.parameters["model"] != nil {
      let target = try InferTarget(request)
      let reference = try ModelReference(target.reference)
      // A bare name is all of its versions.
      let isBare = request.parameters["version"] == nil && !target.reference.contains("@")
      versions = isBare ? try store.model(named: reference.name).versions : [try store.resolve(target.reference)]
    } else {
      versions = try allModels(for: caller).flatMap(\.versions)
    }
    let loaded = models.census.bytes
    return .json(
      .record([
        "model_stats": .array(
          versions.map { version in
            statistics.json(of: .init(name: version.name, version: version.version), byteCount: loaded[version.id])
          })
      ]))
  }

  /// GET, POST /v2/repository/index: an empty body, or `{"ready": true}` for models that are in memory alone.
  nonisolated(nonsending) func inferenceIndex(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let body = try await memory.open().collect(request.body.limited(to: 1 << 16))
    let isReadyOnly = body.isEmpty ? false : try JSONValue(parsing: body)["ready"] == .bool(true)
    let loaded = models.census.bytes
    return .json(
      .array(
        try allModels(for: caller).flatMap(\.versions).compactMap { version in
          let failure = models.failure(of: version)
          guard !isReadyOnly || loaded[version.id] != nil else { return nil }
          // What is not in memory is brought there by the first request.
          return .record([
            "name": .string(version.name), "version": .string("\(version.version)"), "state": .string(failure == nil ? "READY" : "UNAVAILABLE"),
            "reason": .string(failure == nil ? "" : "its file can't be loaded; the server's log says why"),
          ])
        }))
  }

  /// POST /v2/repository/models/{model}/load: brings the model into memory before anybody waits for it.
  nonisolated(nonsending) func inferenceLoad(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let body = try await memory.open().collect(request.body.limited(to: 1 << 16))
    if !body.isEmpty, case .object(let parameters)? = try JSONValue(parsing: body)["parameters"], let first = parameters.first {
      throw Problem(
        .malformed, "parameters.\(first.name.prefix(40)) is there, expected nothing: models come by POST /v1/admin/models/{name}/versions.",
        field: "parameters.\(first.name.prefix(40))", given: "there", expected: "no parameter")
    }
    let target = try InferTarget(request)
    _ = try await models.model(named: target.reference)
    return .json(.record(["name": .string(target.name), "loaded": .bool(true)]))
  }

  /// POST /v2/repository/models/{model}/unload: gives its memory back; the next request loads it again.
  nonisolated(nonsending) func inferenceUnload(_ request: Request) async throws -> Response {
    try request.checkQuery()
    // `unload_dependents` says nothing about models that are made of one file.
    _ = try await memory.open().collect(request.body.limited(to: 1 << 16))
    let target = try InferTarget(request)
    models.release(try store.resolve(target.reference).digest)
    return .json(.record(["name": .string(target.name), "loaded": .bool(false)]))
  }

  private static func platform(of model: LoadedModel) -> String { "posterior_\(type(of: model.family).name)" }

  private static func metadata(_ form: TensorForm) -> JSONValue {
    .record(["name": .string(form.name), "datatype": .string(form.type.rawValue), "shape": .array(form.shape.map(JSONValue.integer))])
  }

  private func allModels(for caller: Caller) throws -> [Model] {
    var (filter, found, token) = (ModelFilter(), [Model](), String?.none)
    filter.names = caller.models
    repeat {
      let page = try store.models(filter, pageToken: token, limit: limits.pageEntries)
      found += page.items
      token = page.nextPageToken
    } while token != nil
    return found
  }
}
