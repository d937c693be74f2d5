internal import Locking

/// Counters since the start, written as Prometheus reads them (text exposition format 0.0.4).
package final class ServiceMetrics: Sendable {
  private struct Key: Hashable, Comparable {
    let route: String
    let method: String
    let status: Int

    static func < (left: Key, right: Key) -> Bool { (left.route, left.method, left.status) < (right.route, right.method, right.status) }
  }

  private struct Counters {
    var requests: [Key: Int] = [:]
    var durations: [Key: Histogram] = [:]
    var inFlight = 0
  }
  private let counters = Protected(Counters())

  package init() {}

  func begin() { counters.withLock { $0.inFlight += 1 } }
  func end() { counters.withLock { $0.inFlight -= 1 } }

  /// - Parameter duration: until the answer began; nil for what the HTTP layer turned away.
  func count(method: String, route: String, status: Int, after duration: Duration? = nil) {
    let key = Key(route: route, method: method, status: status)
    counters.withLock { counters in
      counters.requests[key, default: 0] += 1
      if let duration { counters.durations[key, default: Histogram(bounds: Self.seconds)].observe(duration / .seconds(1)) }
    }
  }

  /// From 1 ms to a minute.
  private static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

  /// Answers given on a route, whatever their status.
  package func requests(on route: String) -> Int {
    counters.withLock { $0.requests.reduce(0) { $0 + ($1.key.route == route ? $1.value : 0) } }
  }

  func text(batcher: Batcher, memory: MemoryBudget, models: LoadedModels) -> String {
    let counters = counters.withLock { $0 }
    var lines: [String] = []
    func metric(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"] + samples
    }
    metric(
      "posterior_http_requests_total", "counter", "Answers by route and status.",
      counters.requests.sorted { $0.key < $1.key }.map { key, count in
        "posterior_http_requests_total{method=\"\(key.method)\",route=\"\(key.route)\",status=\"\(key.status)\"} \(count)"
      })
    metric(
      "posterior_http_request_duration_seconds", "histogram", "Time until an answer began, by route and status.",
      counters.durations.sorted { $0.key < $1.key }.flatMap { key, histogram in
        histogram.lines("posterior_http_request_duration_seconds", labels: "method=\"\(key.method)\",route=\"\(key.route)\",status=\"\(key.status)\"")
      })
    metric(
      "posterior_http_requests_in_flight", "gauge", "Requests being answered.", ["posterior_http_requests_in_flight \(counters.inFlight)"])
    metric("posterior_lanes", "gauge", "Batches that are computed at once at most.", ["posterior_lanes \(batcher.width)"])
    metric("posterior_lanes_busy", "gauge", "Lanes at work.", ["posterior_lanes_busy \(batcher.busyLanes)"])
    metric("posterior_requests_waiting", "gauge", "Requests that wait for a lane.", ["posterior_requests_waiting \(batcher.depth)"])
    metric("posterior_requests_held_bytes", "gauge", "Bytes that requests hold.", ["posterior_requests_held_bytes \(memory.bytes)"])
    metric("posterior_models_loaded", "gauge", "Models in memory.", ["posterior_models_loaded \(models.count)"])
    let census = models.census
    metric(
      "posterior_model_bytes", "gauge", "Bytes of the weights of each model in memory.",
      census.bytes.sorted { $0.key < $1.key }.map { "posterior_model_bytes{model=\"\($0.key)\"} \($0.value)" })
    metric("posterior_model_loads_total", "counter", "Models brought into memory.", ["posterior_model_loads_total \(census.loads)"])
    metric("posterior_model_unloads_total", "counter", "Models let go from memory.", ["posterior_model_unloads_total \(census.unloads)"])
    return lines.joined(separator: "\n") + "\n" + batcher.metrics.text
  }
}
