package import Formats
internal import HTTP
package import Registry
internal import Training

extension Application {
  /// GET /v1/runs
  func listRuns(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("kind", "model", "status", "since", "order_by", "page_token", "limit")
    var filter = RunFilter()
    filter.kind = try request.choice("kind", RunKind.self)
    filter.status = try request.choice("status", RunStatus.self)
    filter.model = request.query["model"]
    filter.models = caller.models
    if let since = request.query["since"] {
      guard let time = Timestamp(since) else {
        let expected = "an RFC 3339 time such as 2026-01-31T12:00:00Z"
        throw Problem(.malformed, "since is \"\(since)\", expected \(expected).", field: "since", given: since, expected: expected)
      }
      filter.since = time
    }
    let order = try request.choice("order_by", RunSorting.self) ?? .newest
    let limit = try request.integer("limit") ?? limits.pageEntries
    let page = try await storeLanes.run { [store, filter] in
      try store.runs(filter, order: order == .newest ? .newestFirst : .oldestFirst, pageToken: request.query["page_token"], limit: limit)
    }
    return .json(
      .record(["runs": .array(try page.items.map(RunJSON.run)), "next_page_token": .string(orNull: page.nextPageToken)]))
  }

  private enum RunSorting: String, CaseIterable {
    case newest = "started_at desc"
    case oldest = "started_at"
  }

  /// GET /v1/runs/{id}: the run with the last value of each metric.
  func showRun(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let (run, metrics) = try await storeLanes.run { [store] in
      let run = try store.run(id)
      return (run, try store.latestMetrics(of: run.id))
    }
    guard case .object(let members) = try RunJSON.run(run) else { preconditionFailure("a run is an object") }
    return .json(.object(members + [.init(name: "latest_metrics", value: .array(metrics.map(RunJSON.metric)))]))
  }

  /// GET /v1/runs/{id}/metrics: oldest first; `after` goes on behind the last sequence number of the page before.
  func showRunMetrics(_ request: Request) async throws -> Response {
    try request.checkQuery("after", "limit")
    let (id, after) = (request.parameter("id"), try request.integer("after") ?? 0)
    let limit = try request.integer("limit") ?? 1000
    guard (1...10_000).contains(limit), after >= 0 else {
      throw Problem(
        .malformed, "limit is \(limit) and after is \(after), expected a limit from 1 to 10000 and a sequence number from 0.", field: "limit",
        given: "\(limit)", expected: "1 to 10000")
    }
    let metrics = try await storeLanes.run { [store] in try store.metrics(of: store.run(id).id, after: after, limit: limit) }
    return .json(.record(["metrics": .array(metrics.map(RunJSON.metric)), "next_after": .integer(metrics.last?.sequence ?? after)]))
  }
}

/// Runs as answers and the command line show them.
package enum RunJSON {
  package static func run(_ run: Run) throws -> JSONValue {
    let description = run.description
    return .record([
      "id": .string(run.id.description), "kind": .string(description.kind.rawValue), "status": .string(run.status.rawValue),
      "family": .string(description.family), "model": .string(orNull: description.model), "version": .integer(orNull: description.version),
      "model_digest": .string(orNull: description.modelDigest?.description),
      "started_at": .string(run.startedAt.description), "finished_at": .string(orNull: run.finishedAt?.description),
      "failure": .string(orNull: run.failure), "output_digest": .string(orNull: run.outputDigest?.description),
      "seed": .integer(Int(description.seed)), "data_digest": .string(orNull: description.dataDigest?.description),
      "configuration": try JSONValue(parsing: Array(description.configuration.utf8)),
      "parameters": strings(description.parameters), "tags": strings(description.tags),
      "build": .record([
        "git_revision": .string(description.build.gitRevision), "compiler": .string(description.build.compiler),
        "cpu": .string(description.build.cpu), "blas": .string(description.build.blas),
      ]),
    ])
  }

  package static func metric(_ recorded: RecordedMetric) -> JSONValue {
    .record([
      "sequence": .integer(recorded.sequence), "name": .string(recorded.metric.name), "value": .number(recorded.metric.value),
      "step": .integer(recorded.metric.step), "epoch": .integer(orNull: recorded.metric.epoch), "time": .string(recorded.time.description),
    ])
  }

  private static func strings(_ values: [String: String]) -> JSONValue {
    .object(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) })
  }
}
