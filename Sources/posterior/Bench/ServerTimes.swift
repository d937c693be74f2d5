import Benchmarking

/// What a server says of its own work between two readings of its metrics.
struct ServerTimes {
  /// Parts of a request's time, in the order in which they come.
  static let phases = ["queue", "decode", "compute", "encode"]

  /// Mean seconds of each part a request; nil where the server does not report them.
  let phases: [(name: String, seconds: Double)]?
  /// Rows that were computed together: how many batches had at most so many, and more than the bound before.
  let batches: [(bound: Double, count: Double)]?
  let meanBatch: Double?

  init(before: MetricsText?, after: MetricsText?) {
    func added(_ name: String, _ labels: [String: String] = [:]) -> MetricsHistogram? {
      guard let histogram = after?.histogram(name, labels)?.since(before?.histogram(name, labels)), histogram.count > 0 else { return nil }
      return histogram
    }
    let times = Self.phases.compactMap { name in
      added("posterior_request_seconds", ["phase": name])?.mean.map { (name: name, seconds: $0) }
    }
    phases = times.isEmpty ? nil : times
    let rows = added("posterior_batch_rows")
    batches = rows.map { $0.buckets.filter { $0.count > 0 } }
    meanBatch = rows?.mean
  }
}
