internal import Formats
internal import HTTP
internal import ModelFiles
internal import Modelling
internal import Registry

extension Application {
  /// POST /v2/models/{model}/infer, POST /v2/models/{model}/versions/{version}/infer
  nonisolated(nonsending) func infer(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let arrival = ContinuousClock.now
    let target = try InferTarget(request)
    let model = try await models.model(named: target.reference)
    do {
      return try await infer(request, target, model, since: arrival)
    } catch {
      if let registered = model.registered { statistics.addFailure(after: .now - arrival, of: registered) }
      throw error
    }
  }

  private nonisolated(nonsending) func infer(
    _ request: Request, _ target: InferTarget, _ model: LoadedModel, since arrival: ContinuousClock.Instant
  ) async throws -> Response {
    let memory = memory.open()
    defer { withExtendedLifetime(memory) {} }
    let body = try await memory.collect(request.body.limited(to: limits.bodyBytes))
    let length = try InferRequest.jsonLength(request.headers[InferRequest.lengthField], of: body.count)
    let read: @Sendable () throws -> InferRequest = { [limits] in
      if length == 0 {
        let kind = try target.kind(of: model)
        let forms = kind.inputs(of: model)
        guard forms.count == 1 else { throw InferRequest.refusal("body", "a raw tensor", "JSON before it: \(kind.name) has \(forms.count) inputs") }
        return try InferRequest(raw: body, as: forms[0])
      }
      let keepsDoubles = model.signature.space.table != nil
      let text = length.map { Array(body[..<$0]) } ?? body
      try memory.take(text.count + (text.count < 1 << 14 ? 16 * text.count : JSONCensus(text, numericFields: keepsDoubles ? [] : ["data"]).bytes))
      return try InferRequest(body, jsonLength: length, keepsDoubles: keepsDoubles, most: limits.inputNumbers)
    }
    // As with requests of /v1, what is long is read on a lane.
    let isLong = body.count >= limits.longBodyBytes
    let asked = isLong ? try await batcher.run(read) : try read()
    let kind = try target.kind(of: model, parameter: asked.operation)
    return try await recorded(kind.name, request) { account in
      account?.note(model)
      let translate: @Sendable () throws -> InferWork = { [limits] in
        // Rows by name are made of a column's cells one by one.
        let elements = asked.inputs.reduce(0) { $0 + $1.count }
        try memory.take(elements * (asked.inputs.count > 1 ? InferWork.bytesPerCell : InferWork.bytesPerNumber))
        var sent = try asked.translated(to: kind, of: model)
        sent.memory = memory
        account?.note(sent)
        let work = try InferWork(asked, sent, kind, model, limits)
        account?.note(work.request)
        return work
      }
      let work = isLong ? try await batcher.run(translate) : try translate()
      if request.isStrict { try Problem.refuse(work.request.receipt.warnings) }
      let notes = request.attachment as? RequestNotes ?? RequestNotes()
      notes.note("decode", .now - arrival)
      try memory.take(work.request.answerBytes(as: work.type) + 4 * work.request.answerWidth * work.request.count)
      await Task.yield()
      let deadline = try request.deadline() ?? asked.timeout.map { arrival + $0 }
      var response = try await batcher.perform(work.request, urgency: request.urgency, deadline: deadline, isSlowToWrite: false, notes: notes) {
        answer in
        account?.note(try answer.bytes(as: work.type, receipt: work.request.receipt), as: work.type)
        return try work.response(to: asked, answer, of: target, run: account.flatMap { $0.willRecord ? $0.id.description : nil })
      }
      response.kept = memory
      if let registered = model.registered {
        statistics.add(notes.parts, total: .now - arrival, items: max(work.request.count, 1), of: registered)
      }
      return response
    }
  }
}

extension RequestNotes {
  /// Where the time of a request went, as the statistics of the protocol have it.
  fileprivate var parts: InferenceStatistics.Durations {
    var parts = InferenceStatistics.Durations()
    for (name, milliseconds) in durations {
      let duration = Duration.microseconds(Int(milliseconds * 1000))
      switch name {
      case "decode": parts.input = duration
      case "queue": parts.queue = duration
      case "compute": parts.compute = duration
      case "encode": parts.output = duration
      default: break
      }
    }
    return parts
  }
}
