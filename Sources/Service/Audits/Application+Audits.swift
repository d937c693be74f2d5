internal import Formats
internal import HTTP
internal import Logging
internal import ModelFiles
internal import Registry
internal import Robustness

extension Application {
  /// POST /v1/models/{model}/robustness: the report, or with `Prefer: respond-async` the run that will have it (RFC 7240 section 4.1).
  func auditModel(_ request: Request) async throws -> Response {
    let deadline = try request.deadline()
    let acceptance = Acceptance(request.headers["Accept"])
    let model = try await model(askedBy: request)
    // Before the body is read: a model that can't do this needs none.
    try AuditRequest.checkOffer(by: model)
    let type = try acceptance.type(among: AuditRequest.mediaTypes)
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    var sent = SentRequest(request)
    sent.memory = memory
    sent.body = try await memory.collect(request.body.limited(to: limits.bodyBytes))
    let isAsynchronous = request.prefersAsynchrony
    let audit = try await batcher.run { [sent, limits] in
      let audit = try AuditRequest(sent, on: model, limits: limits)
      try audit.check(limits, isAsynchronous: isAsynchronous)
      return audit
    }
    // The perturbed items, about as much again for the text about them, and the weights a second time.
    try memory.take(8 * audit.audit.perturbedNumbers + audit.audit.layoutBytes)
    return isAsynchronous ? try await startAudit(audit) : try await answer(audit, as: type, by: deadline)
  }

  /// Computes an audit while its client waits.
  private func answer(_ audit: AuditRequest, as type: MediaType, by deadline: ContinuousClock.Instant?) async throws -> Response {
    let isRecorded = recorder.options.policy != .none
    let keepsInput = audit.keepsInput || audit.kept.reduce(0) { $0 + $1.bytes.count } <= recorder.options.keptInputBytes
    let run = isRecorded ? try await storeLanes.run { [store] in try audit.start(in: store, keepingInput: keepsInput) } : nil
    do {
      let progress = AuditProgress(of: audit.audit.evaluations, every: .seconds(3600)) { _ in }
      let (answer, bytes) = try await batcher.runPatiently { giveWay in
        let answer = try audit.perform { _ in
          if let deadline, deadline <= .now { throw DeadlineExceeded() }
          try giveWay()
        }
        return (answer, try answer.bytes(as: type))
      }
      let seconds = progress.seconds
      if let run { try await storeLanes.run { [store] in try answer.finish(run, in: store, seconds: seconds) } }
      var response = Self.head(type: type, receipt: answer.receipt, shape: [answer.report.count])
      response.headers["Posterior-Shape"] = nil
      response.headers["Posterior-Run"] = run?.description
      response.headers["Posterior-Sane"] = answer.report.isSane ? "true" : "false"
      response.headers["Server-Timing"] = "audit;dur=\(Int(seconds * 1000))"
      response.body = .bytes(bytes)
      return response
    } catch {
      if let run { await end(run, by: error) }
      throw error
    }
  }

  /// Ends the run of an audit that has no report.
  private func end(_ run: RunID, by error: any Error) async {
    let outcome: RunOutcome = error is CancellationError ? .cancelled : .failed(Problem(error)?.detail ?? Problem.unexpected.detail)
    do {
      // Not of the request's task, which may be cancelled.
      try await Task { [store, storeLanes] in try await storeLanes.run { try store.finish(run, outcome) } }.value
    } catch { logger.error("run \(run): \(error)") }
  }

  // MARK: - Without a client that waits

  /// Answers 202 with the run; its items are kept, so that another process can go on where this one ends.
  private func startAudit(_ audit: AuditRequest) async throws -> Response {
    guard audits.count < limits.waitingAudits else { throw LaneOverload(waiting: limits.waitingAudits) }
    let (run, body) = try await storeLanes.run { [store] in
      let id = try audit.start(in: store, keepingInput: true)
      return (id, try RunJSON.run(store.run(id.description)))
    }
    go(on: run, audit)
    var response = Response.json(body, status: .accepted)
    response.headers["Location"] = "/v1/runs/\(run)"
    response.headers["Preference-Applied"] = "respond-async"
    response.headers["Posterior-Run"] = run.description
    response.headers["Posterior-Seed"] = "\(audit.audit.seed)"
    if audit.audit.firstItem > 0 { response.headers["Posterior-First-Item"] = "\(audit.audit.firstItem)" }
    return response
  }

  private func go(on run: RunID, _ audit: AuditRequest) {
    audits.start(run) { [self] in
      do {
        let progress = AuditProgress(of: audit.audit.evaluations, every: .seconds(1)) { [store] report in
          try store.record(
            [
              RunMetric(name: "progress", value: report.part, step: report.points),
              RunMetric(name: "seconds_left", value: report.secondsLeft, step: report.points),
            ], in: run)
        }
        let answer = try await batcher.runPatiently { giveWay in
          try audit.perform { points in
            try progress.add(points)
            try giveWay()
          }
        }
        try await storeLanes.run { [store] in try answer.finish(run, in: store, seconds: progress.seconds) }
      } catch {
        // A server that stops leaves the run to the next one.
        if error is CancellationError, readiness.state == .draining { return }
        await end(run, by: error)
      }
    }
  }

  /// Goes on with the audits and jobs that processes before this one left unfinished; the same seed makes what they would have made.
  package func resumeRuns() async throws {
    guard !store.isReadOnly else { return }
    for run in try await storeLanes.run({ [store] in try store.adoptRuns() }) {
      do {
        if try await storeLanes.run({ [store] in try store.job(of: run.id) }) != nil {
          try await storeLanes.run { [store] in try store.layOutData(of: run) }
          try begin(run.id)
          continue
        }
        let model = try await models.model(of: AuditRequest.version(of: run, in: store))
        let audit = try await storeLanes.run { [store] in try AuditRequest(of: run, on: model, in: store) }
        go(on: run.id, audit)
      } catch { await end(run.id, by: error) }
    }
  }

  /// Looks again and again for runs that another process left when it was killed: audits that kept their items are gone on with here, the others have
  /// failed. Until the task is cancelled.
  package func watchAbandonedRuns() async {
    while !Task.isCancelled, !store.isReadOnly, readiness.state != .draining {
      do {
        // No process that is killed tells anybody: all that is left is to look, this often.
        try await Task.sleep(for: limits.takeoverInterval)
        _ = try await storeLanes.run(isUnderWay: true) { [store] in try store.clearAway() }
        try await resumeRuns()
        try await storeLanes.run(isUnderWay: true) { [store] in try store.deleteExpiredFiles() }
      } catch is CancellationError {
        return
      } catch {
        logger.error("runs of other processes can't be looked after", metadata: ["reason": "\(error)"])
      }
    }
  }

  /// POST /v1/runs/{id}/cancel: ends an audit or a job that goes on without a client.
  func cancelRun(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let run = try await storeLanes.run { [self] in try recordedRun(id) }
    try await requireOwner(of: run.id, caller)
    let isCancelled =
      if await audits.cancel(run.id) { true } else if await jobs.cancel(run.id) { true } else if store.isReadOnly { false } else {
        try await storeLanes.run { [store] in try store.cancelAbandoned(run.id) }
      }
    guard isCancelled else {
      throw Problem(
        .conflict,
        "Run \(run.id) of kind \(run.description.kind.rawValue) is \(run.status.rawValue); only an audit or a job of this server can be cancelled, or a run whose process has ended.",
        field: "id", given: run.status.rawValue, expected: "a running audit or job")
    }
    return .json(try await storeLanes.run { [store] in try RunJSON.run(store.run(id)) })
  }
}

extension Request {
  /// Whether the client wants no more than a promise: `Prefer: respond-async` (RFC 7240 section 4.1).
  var prefersAsynchrony: Bool {
    (headers["Prefer"] ?? "").split(separator: ",").contains { preference in
      preference.prefix { $0 != ";" && $0 != "=" }.trimmed.lowercased() == "respond-async"
    }
  }
}
