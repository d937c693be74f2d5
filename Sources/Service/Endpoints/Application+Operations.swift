internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// POST /v1/models/{model}/{operation}
  nonisolated(nonsending) func perform(_ operation: Operation, _ request: Request, _ account: InferenceAccount?) async throws -> Response {
    let deadline = try request.deadline()
    let acceptance = Acceptance(request.headers["Accept"])
    let model = try await models.model(named: request.parameter("model"))
    account?.note(model)
    // Before the body is read: a model that can't do this needs none.
    try operation.checkSupport(by: type(of: model.family))
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let input = OperationInput(
      body: try await memory.collect(request.body), contentType: request.headers["Content-Type"].flatMap(MediaType.init(contentType:)),
      options: request.query.items.map { OperationInput.Option(name: $0.name, value: $0.value) })
    let body = input.body.count
    let read: @Sendable () throws -> (PreparedOperation, MediaType) = { [limits, batcher] in
      let start = ContinuousClock.now
      account?.note(input)
      let prepared = try operation.prepare(input, on: model, limits: limits)
      account?.note(prepared)
      guard let type = acceptance.best(of: prepared.mediaTypes) else {
        let possible = prepared.mediaTypes.map(\.name)
        throw Problem(
          .notAcceptable, "This answer can be had as \(possible.joined(separator: ", ")).", field: "Accept", given: request.headers["Accept"],
          expected: possible.joined(separator: ", "))
      }
      batcher.metrics.observe(.decode, .now - start)
      return (prepared, type)
    }
    // Megabytes of numbers would hold up the I/O loop, so those are read on a lane.
    let (prepared, type) = body < limits.longBodyBytes ? try read() : try await batcher.run(read)
    try memory.take(prepared.answerBytes)
    // Requests that came in with this one are read first, so that the lane which wakes for one of them finds them all and reads the weights once.
    await Task.yield()
    return try await batcher.perform(prepared, urgency: request.urgency, deadline: deadline, isSlowToWrite: type == .png) { answer in
      let bytes = try answer.bytes(as: type, receipt: prepared.receipt)
      account?.note(bytes, as: type)
      return Self.response(bytes, type: type, receipt: prepared.receipt, shape: answer.shape)
    }
  }

  private static func response(_ bytes: [UInt8], type: MediaType, receipt: Receipt, shape: [Int]) -> Response {
    var response = Response.bytes(bytes, type: type == .csv ? "text/csv; charset=utf-8; header=present" : type.name)
    if let registered = receipt.registered { response.headers["Posterior-Model"] = "\(registered.name)@\(registered.version)" }
    response.headers["Posterior-Digest"] = receipt.digest.description
    response.headers["Posterior-Seed"] = "\(receipt.seed)"
    response.headers["Posterior-Shape"] = shape.map(String.init).joined(separator: ",")
    response.headers["Vary"] = "Accept"
    return response
  }
}
