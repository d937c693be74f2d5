internal import Formats
internal import Foundation
internal import Locking

/// What each model has answered by the Open Inference Protocol since the start, as Triton's statistics extension tells it.
final class InferenceStatistics: Sendable {
  /// The parts of a request's time: reading it, waiting, computing, writing the answer.
  struct Durations: Sendable {
    var input = Duration.zero
    var queue = Duration.zero
    var compute = Duration.zero
    var output = Duration.zero
  }

  private struct Total {
    var count = 0
    var nanoseconds = 0

    mutating func add(_ duration: Duration) {
      count += 1
      nanoseconds += Int(duration / .nanoseconds(1))
    }

    var json: JSONValue { .record(["count": .integer(count), "ns": .integer(nanoseconds)]) }
  }

  private struct Record {
    var items = 0
    var last = 0
    var (success, failure, input, queue, compute, output) = (Total(), Total(), Total(), Total(), Total(), Total())
  }

  private let records = Protected<[LoadedModel.Registration: Record]>([:])

  func add(_ durations: Durations, total: Duration, items: Int, of model: LoadedModel.Registration) {
    let now = Int(Date().timeIntervalSince1970 * 1000)
    records.withLock { records in
      var record = records[model, default: Record()]
      (record.items, record.last) = (record.items + items, now)
      record.success.add(total)
      record.input.add(durations.input)
      record.queue.add(durations.queue)
      record.compute.add(durations.compute)
      record.output.add(durations.output)
      records[model] = record
    }
  }

  func addFailure(after total: Duration, of model: LoadedModel.Registration) {
    records.withLock { $0[model, default: Record()].failure.add(total) }
  }

  /// Of a version, also of one that was never asked.
  func json(of model: LoadedModel.Registration, byteCount: Int?) -> JSONValue {
    let record = records.withLock { $0[model] } ?? Record()
    let none = Total().json
    return .record([
      "name": .string(model.name), "version": .string("\(model.version)"), "last_inference": .integer(record.last),
      "inference_count": .integer(record.items), "execution_count": .integer(record.success.count),
      "inference_stats": .record([
        "success": record.success.json, "fail": record.failure.json, "queue": record.queue.json, "compute_input": record.input.json,
        "compute_infer": record.compute.json, "compute_output": record.output.json, "cache_hit": none, "cache_miss": none,
      ]),
      // Rows of several requests are computed together: no execution is of one batch size.
      "batch_stats": .array([]),
      "memory_usage": .array(
        byteCount.map { [.record(["type": .string("CPU"), "id": .integer(0), "byte_size": .integer($0)])] } ?? []),
    ])
  }
}
