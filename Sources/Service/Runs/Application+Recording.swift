internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// Answers a request and records it, as the server's options want it; `Posterior-Run` names the record in the answer.
  ///
  /// - Parameter body: makes the answer, and tells the account about it; nil: nothing is recorded.
  nonisolated(nonsending) func recorded(
    _ operation: String, _ request: Request, _ body: nonisolated(nonsending) (InferenceAccount?) async throws -> Response
  ) async throws -> Response {
    guard recorder.options.policy != .none else { return try await body(nil) }
    let account = InferenceAccount(operation, recorder: recorder)
    account.note(TraceContext(request.headers["traceparent"]))
    do {
      var response = try await body(account)
      if case .stream = response.body {
        // It records itself when its last byte is out.
        if account.willRecord { response.headers["Posterior-Run"] = account.id.description }
        return response
      }
      if account.record(status: response.status.code) { response.headers["Posterior-Run"] = account.id.description }
      return response
    } catch {
      guard var problem = Problem(error) else {
        _ = account.record(status: Problem.unexpected.kind.status.code, failure: Problem.unexpected.detail)
        throw error
      }
      if account.record(status: problem.kind.status.code, failure: problem.detail) { problem.headers["Posterior-Run"] = account.id.description }
      throw problem
    }
  }

  /// The recorder's counters as Prometheus reads them.
  static func text(_ counters: InferenceRecorder.Counters) -> String {
    """
    # HELP posterior_inference_records_total Requests to models that were written down, and those that were dropped because the queue was full.
    # TYPE posterior_inference_records_total counter
    posterior_inference_records_total{outcome="recorded"} \(counters.recorded)
    posterior_inference_records_total{outcome="dropped"} \(counters.dropped)
    # HELP posterior_inference_records_waiting Records that wait to be committed.
    # TYPE posterior_inference_records_waiting gauge
    posterior_inference_records_waiting \(counters.waiting)
    # HELP posterior_inference_commits_total Transactions that wrote records.
    # TYPE posterior_inference_commits_total counter
    posterior_inference_commits_total \(counters.commits)

    """
  }
}
