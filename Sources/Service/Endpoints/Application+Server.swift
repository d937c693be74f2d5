internal import Formats
internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// GET /healthz: the process answers.
  func health(_ request: Request) throws -> Response {
    try request.checkQuery()
    return .json(.record(["status": .string("ok")]))
  }

  /// GET /readyz: the process wants requests.
  func ready(_ request: Request) throws -> Response {
    try request.checkQuery()
    let state = readiness.state
    guard state == .ready else {
      throw Problem(
        .unavailable, "The server is \(state.rawValue).", members: [.init(name: "state", value: .string(state.rawValue))],
        headers: ["Retry-After": "1"])
    }
    return .json(.record(["status": .string("ready"), "failed_models": .strings(readiness.failedModels)]))
  }

  /// GET /metrics
  func metricsText(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let stored = try await storeLanes.run { [store, jobs] in
      (
        sizes: try store.sizes(),
        progress: try jobs.running.map { run in (run, try store.latestMetrics(of: run).first { $0.metric.name == "progress" }?.metric.value ?? 0) }
      )
    }
    let text =
      metrics.text(batcher: batcher, memory: memory, models: models) + Self.text(recorder.counters) + gauges(stored.sizes, stored.progress)
      + ProcessMetrics.text
    return .text(text, type: "text/plain; version=0.0.4; charset=utf-8")
  }

  private func gauges(_ sizes: ModelStore.Sizes, _ progress: [(run: RunID, part: Double)]) -> String {
    var lines: [String] = []
    func metric(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"] + samples
    }
    let traffic = Traffic.totals
    metric(
      "posterior_network_bytes_total", "counter", "Bytes of requests and answers.",
      ["posterior_network_bytes_total{direction=\"in\"} \(traffic.received)", "posterior_network_bytes_total{direction=\"out\"} \(traffic.sent)"])
    if let connections = connectionCount.value {
      metric("posterior_connections_open", "gauge", "Connections that are open.", ["posterior_connections_open \(connections)"])
    }
    metric("posterior_spooled_bytes", "gauge", "Bytes of requests on disk.", ["posterior_spooled_bytes \(spool.bytes)"])
    metric(
      "posterior_requests_held_bytes_limit", "gauge", "Bytes that requests may hold.", ["posterior_requests_held_bytes_limit \(memory.capacity)"])
    metric(
      "posterior_store_bytes", "gauge", "Bytes of the store on disk.",
      ["posterior_store_bytes{part=\"database\"} \(sizes.database)", "posterior_store_bytes{part=\"files\"} \(sizes.files)"])
    let jobs = jobs.counts
    metric(
      "posterior_jobs", "gauge", "Work in the background that waits and that is done.",
      ["posterior_jobs{state=\"waiting\"} \(jobs.waiting)", "posterior_jobs{state=\"running\"} \(jobs.running)"])
    metric(
      "posterior_job_progress", "gauge", "How far the work in the background is, 0 to 1.",
      progress.map { "posterior_job_progress{run=\"\($0.run)\"} \($0.part)" })
    return lines.joined(separator: "\n") + "\n"
  }

  /// GET /openapi.yaml
  func contract(_ request: Request) throws -> Response {
    try request.checkQuery()
    let contract = EmbeddedResource.contract
    let tag = EntityTag(String(SHA256.digest(contract).hex.prefix(32)))
    return Response.bytes(contract, type: "application/yaml").tagged(tag, for: request)
  }
}
