internal import Locking

/// Where requests spend their time, and how large batches are.
package final class EngineMetrics: Sendable {
  package enum Phase: String, Sendable, CaseIterable { case decode, queue, compute, encode }

  private struct State {
    var phases = Dictionary(uniqueKeysWithValues: Phase.allCases.map { ($0, Histogram(bounds: EngineMetrics.seconds)) })
    var batchRows: [String: Histogram] = [:]
    var batchRequests: [String: Histogram] = [:]
    var closings: [BatchClosing: Int] = [:]
    var late = 0
    /// By operation and model, of which there are at most `mostModels`.
    var byModel: [ModelKey: [Phase: Histogram]] = [:]
  }

  private struct ModelKey: Hashable, Comparable {
    let operation: String
    let model: String

    static func < (left: ModelKey, right: ModelKey) -> Bool { (left.operation, left.model) < (right.operation, right.model) }
  }

  /// Sets of labels beyond these are counted under the model "other".
  private static let mostModels = 200
  /// From 100 µs to 10 s.
  private static let coarseSeconds = [1e-4, 1e-3, 1e-2, 0.1, 1, 10]
  private let state = Protected(State())

  /// From 10 µs to 10 s, three a decade.
  private static let seconds = [
    1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  ]
  private static let rows: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

  func observe(_ phase: Phase, _ duration: Duration) { state.withLock { $0.phases[phase]?.observe(duration / .seconds(1)) } }

  func observe(_ request: QueuedRequest, computed: ContinuousClock.Instant, finished: ContinuousClock.Instant) {
    let start = request.start
    let asked = request.request
    let model = asked.model.registered.map { "\($0.name)@\($0.version)" } ?? "file"
    state.withLock { state in
      let wanted = ModelKey(operation: asked.name, model: model)
      let isKnown = state.byModel[wanted] != nil || state.byModel.count < Self.mostModels
      let key = isKnown ? wanted : ModelKey(operation: asked.name, model: "other")
      for (phase, duration) in [(Phase.queue, start - request.arrival), (.compute, computed - start), (.encode, finished - computed)] {
        state.byModel[key, default: [:]][phase, default: Histogram(bounds: Self.coarseSeconds)].observe(duration / .seconds(1))
      }
      state.phases[.queue]?.observe((start - request.arrival) / .seconds(1))
      state.phases[.compute]?.observe((computed - start) / .seconds(1))
      state.phases[.encode]?.observe((finished - computed) / .seconds(1))
    }
  }

  func observe(_ batch: Batch<QueuedRequest>) {
    state.withLock { state in
      state.batchRows[batch.key.request, default: Histogram(bounds: Self.rows)].observe(Double(batch.rowCount))
      state.batchRequests[batch.key.request, default: Histogram(bounds: Self.rows)].observe(Double(batch.parts.count))
      state.closings[batch.closing, default: 0] += 1
    }
  }

  func countLate() { state.withLock { $0.late += 1 } }

  /// The text exposition format, version 0.0.4.
  package var text: String {
    families.flatMap { ["# HELP \($0.name) \($0.help)", "# TYPE \($0.name) \($0.type)"] + $0.samples }.map { $0 + "\n" }.joined()
  }

  /// Families of metrics: name, type, help, samples.
  private var families: [(name: String, type: String, help: String, samples: [String])] {
    let state = state.withLock { $0 }
    func histograms(_ name: String, _ byOperation: [String: Histogram]) -> [String] {
      byOperation.sorted { $0.key < $1.key }.flatMap { $1.lines(name, labels: "operation=\"\($0)\"") }
    }
    return [
      (
        "posterior_request_seconds", "histogram", "Time of model requests by phase: decode, queue (until the first row began), compute, encode.",
        Phase.allCases.flatMap { phase in
          state.phases[phase]?.lines("posterior_request_seconds", labels: "phase=\"\(phase.rawValue)\"") ?? []
        }
      ),
      (
        "posterior_model_request_seconds", "histogram", "Time of requests by operation, model and phase: queue, compute, encode.",
        state.byModel.sorted { $0.key < $1.key }.flatMap { key, phases in
          Phase.allCases.flatMap { phase in
            phases[phase]?.lines(
              "posterior_model_request_seconds", labels: "operation=\"\(key.operation)\",model=\"\(key.model)\",phase=\"\(phase.rawValue)\"") ?? []
          }
        }
      ),
      ("posterior_batch_rows", "histogram", "Rows of the batches computed.", histograms("posterior_batch_rows", state.batchRows)),
      ("posterior_batch_requests", "histogram", "Requests that shared a batch.", histograms("posterior_batch_requests", state.batchRequests)),
      (
        "posterior_batches_total", "counter", "Batches by why they were closed: full, delay over, or a lane was idle.",
        BatchClosing.allCases.map { "posterior_batches_total{closed=\"\($0.rawValue)\"} \(state.closings[$0] ?? 0)" }
      ),
      (
        "posterior_requests_late_total", "counter", "Requests dropped because their deadline passed.",
        ["posterior_requests_late_total \(state.late)"]
      ),
    ]
  }
}
