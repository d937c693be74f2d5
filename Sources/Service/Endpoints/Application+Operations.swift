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
    try operation.checkSupport(by: model)
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let context = StreamContext(request: request, deadline: deadline, memory: memory, account: account)
    let contentType = request.headers["Content-Type"].flatMap(MediaType.init(contentType:))
    let options = request.query.items.map { OperationInput.Option(name: $0.name, value: $0.value) }
    @Sendable func choose(among possible: [MediaType]) throws -> MediaType {
      if let type = acceptance.best(of: possible) { return type }
      let names = possible.map(\.name).joined(separator: ", ")
      throw Problem(
        .notAcceptable, "This answer can be had as \(names).", field: "Accept", given: request.headers["Accept"], expected: names)
    }
    let bytes: [UInt8]
    if let stream = try StreamedOperation(
      operation, OperationInput(contentType: contentType, options: options), on: model, limits: limits, choosing: choose)
    {
      let items = try await receive(context)
      // A small body takes the short way.
      guard case .bytes(let few) = items.source, few.count < limits.longBodyBytes else { return try await respond(to: items, as: stream, context) }
      bytes = few
    } else {
      bytes = try await memory.collect(request.body.limited(to: limits.bodyBytes))
    }
    let input = OperationInput(body: bytes, contentType: contentType, options: options)
    let read: @Sendable () throws -> (PreparedOperation, MediaType) = { [limits, batcher] in
      let start = ContinuousClock.now
      account?.note(input)
      let prepared = try operation.prepare(input, on: model, limits: limits)
      account?.note(prepared)
      let type = try choose(among: prepared.mediaTypes)
      batcher.metrics.observe(.decode, .now - start)
      return (prepared, type)
    }
    // Megabytes of numbers would hold up the I/O loop, so those are read on a lane.
    let (prepared, type) = bytes.count < limits.longBodyBytes ? try read() : try await batcher.run(read)
    try memory.take(prepared.answerBytes)
    // Requests that came in with this one are read first, so that the lane which wakes for one of them finds them all and reads the weights once.
    await Task.yield()
    return try await batcher.perform(prepared, urgency: request.urgency, deadline: deadline, isSlowToWrite: type == .png) { [self] answer in
      var response = Self.head(type: type, receipt: prepared.receipt, shape: answer.shape)
      if answer.scalars.count > limits.streamedAnswerNumbers, type != .png {
        response.body = body(of: try answer.pieces(as: type, receipt: prepared.receipt), length: answer.byteCount(as: type), as: type, context)
        return response
      }
      let bytes = try answer.bytes(as: type, receipt: prepared.receipt)
      account?.note(bytes, as: type)
      response.body = .bytes(bytes)
      return response
    }
  }

  /// An answer without its body.
  static func head(type: MediaType, receipt: Receipt, shape: [Int]) -> Response {
    var response = Response(headers: ["Content-Type": type == .csv ? "text/csv; charset=utf-8; header=present" : type.name])
    if let registered = receipt.registered { response.headers["Posterior-Model"] = "\(registered.name)@\(registered.version)" }
    response.headers["Posterior-Digest"] = receipt.digest.description
    response.headers["Posterior-Seed"] = "\(receipt.seed)"
    response.headers["Posterior-Shape"] = shape.map(String.init).joined(separator: ",")
    response.headers["Vary"] = "Accept"
    return response
  }
}
