internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// POST /v1/runs/{id}/replay: computes a recorded request again and compares the bytes; the body, if any, is that of the request.
  func replayRun(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let body = try await memory.collect(request.body)
    let run = try await storeLanes.run { [self] in try recordedRun(id) }
    if run.description.kind == .robustness { return try await replay(audit: run) }
    let task = try await storeLanes.run { [store] in
      guard run.inference != nil else {
        throw Problem(
          .impossible,
          "Runs of kind \(run.description.kind.rawValue) take longer than a request should: run \"posterior runs replay \(run.id)\" beside the store.",
          field: "id", given: run.description.kind.rawValue, expected: RunKind.inference.rawValue)
      }
      return try InferenceReplay(of: run, sent: body, in: store)
    }
    let model = try await models.model(of: task.version)
    let replay = try await batcher.run { [limits] in try task.perform(on: model, limits: limits, memory: memory) }
    let recorded = try await storeLanes.run { [store] in try replay.record(in: store) }
    return .json(replay.json(run: recorded))
  }

  /// Behind everything else, as it was computed then.
  private func replay(audit run: Run) async throws -> Response {
    let model = try await models.model(of: AuditRequest.version(of: run, in: store))
    let replay = try await batcher.runPatiently { [store] giveWay in try AuditRequest.replay(of: run, on: model, in: store) { _ in try giveWay() } }
    let recorded = try await storeLanes.run { [store] in try replay.record(in: store) }
    return .json(replay.json(run: recorded))
  }
}
