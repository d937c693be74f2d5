internal import Formats
internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// GET /v1/runs/{id}/events: the metrics of a run as they come, then its end (text/event-stream).
  ///
  /// A metric's event has its sequence number as identifier, so a client that connects again goes on where it was (`Last-Event-ID`).
  func runEvents(_ request: Request) async throws -> Response {
    try request.checkQuery("after")
    let resumed = request.headers["Last-Event-ID"].flatMap { Int($0) }
    let after = try request.integer("after") ?? resumed ?? 0
    let id = try await storeLanes.run { [self] in try recordedRun(request.parameter("id")).id }
    return .events { [store, storeLanes, readiness] writer in
      var (sequence, quiet) = (after, 0)
      while true {
        // The run before its metrics: what was recorded before its end is then among them.
        let (run, metrics) = try await storeLanes.run { [sequence] in
          (try store.run(id.description), try store.metrics(of: id, after: sequence, limit: 1000))
        }
        for metric in metrics {
          let text = String(decoding: RunJSON.metric(metric).text, as: UTF8.self)
          try await writer.send(ServerSentEvent(data: text, name: "metric", id: "\(metric.sequence)"))
        }
        sequence = metrics.last?.sequence ?? sequence
        if !metrics.isEmpty {
          quiet = 0
          continue
        }
        guard run.status == .running else {
          return try await writer.send(ServerSentEvent(data: String(decoding: try RunJSON.run(run).text, as: UTF8.self), name: "end"))
        }
        guard readiness.state != .draining else { return }
        quiet += 1
        if quiet % 60 == 0 { try await writer.sendHeartbeat() }
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }
}
