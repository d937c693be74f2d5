internal import Formats
internal import HTTP
internal import Registry

extension Application {
  /// POST /v1/models/{model}/{kind}
  ///
  /// In one order, whatever comes: whether the model can, the options, the type of the answer, the items. Options stand in a JSON body or in the query; where the
  /// items can be read block by block they are not read before all else is known to be right.
  nonisolated(nonsending) func perform(_ kind: RequestKind, _ request: Request, _ account: InferenceAccount?) async throws -> Response {
    let deadline = try request.deadline()
    let acceptance = Acceptance(request.headers["Accept"])
    let isStrict = request.isStrict
    let model = try await model(askedBy: request)
    account?.note(model)
    // Before the body is read: a model that can't do this needs none.
    try kind.checkOffer(by: model)
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let context = StreamContext(request: request, deadline: deadline, memory: memory, account: account)
    var sent = SentRequest(request)
    sent.memory = memory
    @Sendable func ask(_ sent: SentRequest) throws -> Asked {
      let fields = try sent.fields(of: kind)
      let request = try kind.ask(fields, of: model, limits)
      return Asked(request: request, fields: fields, type: try acceptance.type(among: request.mediaTypes))
    }
    let early = sent.hasItemBlocks && kind.items != .references ? try ask(sent) : nil
    if let early, let stream = StreamedRequest(early.request, items: sent.contentType, as: early.type, limits: limits, table: early.fields.table) {
      let items = try await receive(context)
      // A small body takes the short way.
      guard case .bytes(let few) = items.source, few.count < limits.longBodyBytes else { return try await respond(to: items, as: stream, context) }
      sent.body = few
    } else {
      sent.body = try await memory.collect(request.body.limited(to: limits.bodyBytes))
    }
    let notes = request.attachment as? RequestNotes
    let read: @Sendable () throws -> (any CheckedRequest, MediaType) = { [sent, limits, batcher] in
      let start = ContinuousClock.now
      account?.note(sent)
      let asked = try early ?? ask(sent)
      let whole = try asked.request.answered(in: asked.type).about(sent, asked.fields, limits)
      if isStrict { try Problem.refuse(whole.receipt.warnings) }
      account?.note(whole)
      let duration = ContinuousClock.now - start
      batcher.metrics.observe(.decode, duration)
      notes?.note("decode", duration)
      return (whole, asked.type)
    }
    // Megabytes of numbers would hold up the I/O loop, so those are read on a lane.
    let (asked, type) = sent.body.count < limits.longBodyBytes ? try read() : try await batcher.run(read)
    try memory.take(asked.answerBytes(as: type))
    // Requests that came in with this one are read first, so that the lane which wakes for one of them finds them all and reads the weights once.
    await Task.yield()
    return try await batcher.perform(asked, urgency: request.urgency, deadline: deadline, isSlowToWrite: type == .png, notes: notes) {
      [self] answer in
      var response = Self.head(type: type, receipt: asked.receipt, shape: answer.shape)
      response.kept = memory
      let pieces = try answer.pieces(as: type, receipt: asked.receipt)
      if answer.count > limits.streamedAnswerNumbers || pieces.count > limits.streamedAnswerNumbers / AnswerPieces.numbers, type != .png {
        response.body = body(of: pieces, length: answer.byteCount(as: type), as: type, context)
        return response
      }
      let bytes = pieces.joined
      account?.note(bytes, as: type)
      response.body = .bytes(bytes)
      return response
    }
  }

  /// The model of a request, if `If-Match` allows it.
  ///
  /// A model's state is the digest of its file, as the ETag of that file and `Posterior-Digest` say it.
  nonisolated(nonsending) func model(askedBy request: Request) async throws -> LoadedModel {
    let model = try await models.model(named: request.parameter("model"))
    if request.method == .post, let refusal = request.failedPrecondition(asking: EntityTag(model.digest.description)) { throw refusal }
    return model
  }

  /// What is known of a request before its items.
  private struct Asked: Sendable {
    let request: any CheckedRequest
    let fields: SentFields
    let type: MediaType
  }

  /// An answer without its body.
  static func head(type: MediaType, receipt: Receipt, shape: [Int]) -> Response {
    var response = Response(headers: ["Content-Type": type.field])
    if let registered = receipt.registered { response.headers["Posterior-Model"] = "\(registered.name)@\(registered.version)" }
    response.headers["Posterior-Digest"] = receipt.digest.description
    response.headers["Posterior-Seed"] = "\(receipt.seed)"
    if receipt.firstItem > 0 { response.headers["Posterior-First-Item"] = "\(receipt.firstItem)" }
    for warning in receipt.warnings { response.headers.append("Posterior-Warning", warning.asciiField) }
    response.headers["Posterior-Shape"] = shape.map(String.init).joined(separator: ",")
    response.headers["Vary"] = "Accept"
    return response
  }
}

extension SentRequest {
  /// A request over HTTP, before its body.
  init(_ request: Request) {
    self.init(
      contentType: request.headers["Content-Type"].flatMap(MediaType.init(contentType:)),
      options: request.query.items.map { Option(name: $0.name, value: $0.value) })
  }
}

extension MediaType {
  /// What Content-Type says of an answer.
  var field: String {
    switch self {
    case .csv: "text/csv; charset=utf-8; header=present"
    case .text: "text/plain; charset=utf-8"
    default: name
    }
  }
}
