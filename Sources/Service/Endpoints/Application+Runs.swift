internal import Formats
internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// GET /v1/runs: a page as JSON, or with `Accept: text/csv` all runs that pass as one table.
  func listRuns(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("kind", "model", "status", "since", "until", "filter", "order_by", "page_token", "limit")
    var filter = RunFilter()
    filter.kind = try request.choice("kind", RunKind.self)
    filter.status = try request.choice("status", RunStatus.self)
    filter.model = request.query["model"]
    filter.models = caller.models
    filter.since = try request.time("since")
    filter.until = try request.time("until")
    filter.optionNames = RequestKind.optionNames
    filter.predicate = try request.query["filter"].map { text throws(RunQueryError) in try RunFilterParser.predicate(text) }
    let order = try request.query["order_by"].map { text throws(RunQueryError) in try RunFilterParser.order(text) } ?? .newestFirst
    switch Acceptance(request.headers["Accept"]).best(of: [.json, .csv]) {
    case MediaType.json: return try await page(of: filter, order, request)
    case MediaType.csv: return try await table(of: filter, order, request)
    default:
      let expected = "application/json or text/csv"
      throw Problem(.notAcceptable, "Runs can be had as \(expected).", field: "Accept", given: request.headers["Accept"], expected: expected)
    }
  }

  private func page(of filter: RunFilter, _ order: RunOrder, _ request: Request) async throws -> Response {
    let limit = try request.integer("limit") ?? limits.pageEntries
    let page = try await storeLanes.run { [store, recorder] in
      recorder.flush()
      return try store.runs(filter, order: order, pageToken: request.query["page_token"], limit: limit)
    }
    var response = Response.json(
      .record(["runs": .array(try page.items.map(RunJSON.run)), "next_page_token": .string(orNull: page.nextPageToken)]))
    response.headers["Vary"] = "Accept"
    return response
  }

  private func table(of filter: RunFilter, _ order: RunOrder, _ request: Request) async throws -> Response {
    for name in ["page_token", "limit"] where request.query[name] != nil {
      throw Problem(.malformed, "A table has all runs that pass: leave \(name) out.", field: name, given: request.query[name], expected: "nothing")
    }
    let table = try await storeLanes.run { [store, recorder] in
      recorder.flush()
      return try RunTable(store, filter, order)
    }
    return Response(
      headers: ["Content-Type": "text/csv; charset=utf-8; header=present", "Vary": "Accept"],
      body: .stream(length: nil) { [storeLanes] writer in
        try await writer.write(table.header)
        var token: String?
        repeat {
          let (bytes, next) = try await storeLanes.run { [token] in try table.rows(pageToken: token) }
          try await writer.write(bytes)
          token = next
        } while token != nil
      })
  }

  /// GET /v1/runs/{id}: the run with the last value of each metric and the list of its documents.
  func showRun(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let shown = try await storeLanes.run { [self] in
      let run = try recordedRun(id)
      return try RunJSON.run(run, latest: store.latestMetrics(of: run.id), documents: store.documents(of: run.id), files: store.files(of: run.id))
    }
    return .json(shown)
  }

  /// GET /v1/runs/{id}/documents/{name}: the bytes as they were attached; they never change, so that their digest names them.
  func showRunDocument(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let (id, name) = (request.parameter("id"), request.parameter("name"))
    let run = try await storeLanes.run { [self] in try recordedRun(id) }
    try await requireOwner(of: run.id, caller)
    if let file = try await file(named: name, of: run, request) { return file }
    let (document, bytes) = try await storeLanes.run { [self] in try store.document(name, of: recordedRun(id).id) }
    var response = Response.bytes(bytes, type: document.mediaType)
    response.headers["Content-Disposition"] = "inline; filename=\"\(document.name)\""
    // A browser shows it as what it is, and runs none of it.
    response.headers["Content-Security-Policy"] = "sandbox"
    return response.tagged(EntityTag(document.digest.description), for: request)
  }

  /// A run; one that waits to be committed is committed first, so that whoever has its identifier finds it.
  func recordedRun(_ id: String) throws -> Run {
    do {
      return try store.run(id)
    } catch StoreError.unknownRun {
      recorder.flush()
      return try store.run(id)
    }
  }

  /// GET /v1/runs/{id}/metrics: oldest first; `after` goes on after the last sequence number of the page before.
  func showRunMetrics(_ request: Request) async throws -> Response {
    try request.checkQuery("after", "limit")
    let (id, after) = (request.parameter("id"), try request.integer("after") ?? 0)
    let limit = try request.integer("limit") ?? 1000
    guard (1...10_000).contains(limit), after >= 0 else {
      throw Problem(
        .malformed, "limit is \(limit) and after is \(after), expected a limit from 1 to 10000 and a sequence number from 0.", field: "limit",
        given: "\(limit)", expected: "1 to 10000")
    }
    let metrics = try await storeLanes.run { [self] in try store.metrics(of: recordedRun(id).id, after: after, limit: limit) }
    return .json(.record(["metrics": .array(metrics.map(RunJSON.metric)), "next_after": .integer(metrics.last?.sequence ?? after)]))
  }

  /// GET /v1/runs/compare?ids=A,B
  func compareRuns(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("ids")
    let ids = (request.query["ids"] ?? "").split(separator: ",").map(\.trimmed)
    let comparison = try await storeLanes.run { [store, recorder] in
      recorder.flush()
      return try RunComparison(of: ids, in: store)
    }
    for run in comparison.runs { try caller.requireModel(run.description.model, field: "ids") }
    return .json(try comparison.json)
  }
}
