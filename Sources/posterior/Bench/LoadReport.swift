import Benchmarking
import Formats
import Foundation

/// The figures of one load.
struct LoadReport {
  let subject: LoadSubject
  let load: ModelLoad
  let plan: LoadPlan
  let result: LoadResult
  let server: ServerTimes
  /// Nil where neither was asked for.
  let machine: BenchedMachine?
  let yardstick: ModelYardstick?

  static let quantiles: [(name: String, fraction: Double)] = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)]

  /// The windows that the figures are of.
  var last: LoadWindow { result.last }
  var itemsPerSecond: Double { last.rate * Double(load.items) }
  /// Of OpenBLAS's speed on the same products.
  var yardstickPercent: Double? { yardstick?.itemsPerSecond.map { 100 * itemsPerSecond / $0 } }
  private var multiplyAddsPerSecond: Double? { yardstick.map { $0.multiplyAddsPerItem * itemsPerSecond } }
  /// Of the machine's peak of multiply-adds.
  var peakPercent: Double? { multiplyAddsPerSecond.flatMap { machine?.limits.percent(multiplyAddsPerSecond: $0) } }
  var seconds: Double { Double(last.length) / 1e9 }

  static func milliseconds(_ nanoseconds: Int?) -> Double? { nanoseconds.map { Double($0) / 1e6 } }
}

// MARK: For programs

extension LoadReport {
  var json: JSONValue {
    .record([
      ("server", .string("\(subject.destination)")), ("model", load.model.map { .string($0.reference) }),
      ("digest", load.model.map { .string($0.digest.description) }), ("request", .string(load.title)), ("items", .integer(load.items)),
      ("format", load.format.map(JSONValue.string)), ("connections", .integer(plan.connections)), ("arrivals", arrivals),
      ("window_seconds", .number(plan.window / .seconds(1))), ("windows", .array(result.windows.map(Self.window))),
      ("stable", .bool(result.isStable)), ("measured_seconds", .number(seconds)), ("requests_per_second", .number(last.rate)),
      ("items_per_second", .number(itemsPerSecond)), ("body_bytes_per_second", .number(Double(last.bytes) / seconds)),
      ("latency_ms", Self.latencies(last.latencies)),
      ("answers", Self.counts(last.statuses)), ("failures", Self.counts(last.failures)),
      ("differing_answers", .integer(last.differing)), ("unanswered", .integer(result.unanswered)),
      ("request_seconds", phases), ("batch_rows", batches), ("yardstick", yardstickJSON), ("machine", machine?.json ?? .null),
      ("generator_share", .number(result.generatorShare)), ("cores", .integer(ProcessInfo.processInfo.activeProcessorCount)),
    ])
  }

  private static func counts<Key: Comparable>(_ counts: [Key: Int]) -> JSONValue {
    .object(counts.sorted { $0.key < $1.key }.map { .init(name: "\($0.key)", value: .integer($0.value)) })
  }

  private var phases: JSONValue {
    server.phases.map { .object($0.map { .init(name: $0.name, value: .number($0.seconds)) }) } ?? .null
  }

  private var arrivals: JSONValue {
    switch plan.arrivals {
    case .closed: .record([("kind", .string("closed"))])
    case .poisson(let rate, let seed): .record([("kind", .string("poisson")), ("rate", .number(rate)), ("seed", .integer(Int(seed)))])
    }
  }

  private static func window(_ window: LoadWindow) -> JSONValue {
    .record([
      ("requests_per_second", .number(window.rate)), ("p50_ms", .number(milliseconds(window.latencies.quantile(0.5)) ?? .nan)),
      ("p99_ms", .number(milliseconds(window.latencies.quantile(0.99)) ?? .nan)),
    ])
  }

  private static func latencies(_ latencies: LatencyHistogram) -> JSONValue {
    let quantiles: [(String, JSONValue?)] = quantiles.map { ($0.name, .number(milliseconds(latencies.quantile($0.fraction)) ?? .nan)) }
    return .record([("mean", .number(latencies.mean.map { $0 / 1e6 } ?? .nan))] + quantiles + [("max", .number(Double(latencies.largest) / 1e6))])
  }

  private var batches: JSONValue {
    guard let batches = server.batches, let mean = server.meanBatch else { return .null }
    let counts = batches.map { JSONValue.record([("at_most", $0.bound.isFinite ? .number($0.bound) : .null), ("batches", .number($0.count))]) }
    return .record([("mean", .number(mean)), ("histogram", .array(counts))])
  }

  private var yardstickJSON: JSONValue {
    guard let yardstick, let machine, let peakPercent else { return .null }
    return .record([
      ("rows", .integer(yardstick.rows)), ("threads", .integer(machine.limits.threads)),
      ("multiply_adds_per_item", .number(yardstick.multiplyAddsPerItem)), ("peak_percent", .number(peakPercent)),
      ("items_per_second", yardstick.itemsPerSecond.map(JSONValue.number) ?? .null), ("percent", yardstickPercent.map(JSONValue.number) ?? .null),
    ])
  }
}

extension JSONValue {
  /// An object with these members in this order; members without a value are left out.
  fileprivate static func record(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
  }
}

// MARK: For people

extension LoadReport {
  func print() {
    for line in lines { Swift.print(line) }
  }

  var lines: [String] {
    var lines = [headline, stability, ""]
    func add(_ name: String, _ text: String) { lines.append(name.padding(toLength: 11, withPad: " ", startingAt: 0) + text) }
    add(
      "throughput",
      "\(Self.text(last.rate)) requests/s"
        + (load.items > 1 ? ", \(Self.text(itemsPerSecond)) items/s" : "") + ", \(Self.text(Double(last.bytes) / seconds / 1e6)) MB/s of bodies")
    let quantiles = Self.quantiles.map { "\($0.name) \(Self.latency(last.latencies.quantile($0.fraction)))" }
    add("latency", (quantiles + ["max \(Self.latency(last.latencies.largest))"]).joined(separator: "   "))
    let statuses = last.statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let failures = last.failures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    add(
      "answers",
      (statuses + failures).joined(separator: "   ") + (last.differing > 0 ? "   not the first answer to the same request: \(last.differing)" : ""))
    if case .poisson = plan.arrivals { add("unanswered", "\(result.unanswered) requests were due or under way at the end") }
    add("batches", batchText)
    add("time", phaseText)
    for (name, text) in machine?.lines ?? [] { add(name, text) }
    add("yardstick", yardstickText)
    add("generator", "\(Self.text(100 * result.generatorShare)) % of a core\(result.generatorShare > 0.9 ? ": it is the bottleneck" : "")")
    return lines
  }

  private var headline: String {
    let what = [load.title, "\(load.items) \(load.items == 1 ? "item" : "items") a request", load.format].compactMap(\.self)
    let how =
      switch plan.arrivals {
      case .closed: "closed loop"
      case .poisson(let rate, _): "open loop at \(Self.text(rate))/s"
      }
    let whom = "\(load.model.map { "\($0.reference) on " } ?? "")\(subject.destination)"
    return (what + ["\(plan.connections) connections", how, whom]).joined(separator: ", ")
  }

  private var stability: String {
    let count = min(result.windows.count, StablePoint.windows)
    let windows = "the last \(count) of \(result.windows.count) windows of \(plan.window / .seconds(1)) s"
    guard !result.isStable else { return "stable: \(windows) agree within \(Self.text(100 * plan.tolerance)) %" }
    let rates = result.windows.suffix(count).map { Self.text($0.rate) }.joined(separator: ", ")
    return "not stable: \(windows) had \(rates) requests/s"
  }

  private var batchText: String {
    guard let batches = server.batches, let mean = server.meanBatch else { return "not reported" }
    let total = batches.reduce(0) { $0 + $1.count }
    let shares = batches.map { "\($0.bound.isFinite ? "up to \(Int($0.bound))" : "more"): \(Self.text(100 * $0.count / total)) %" }
    return "mean \(Self.text(mean)) rows;   \(shares.joined(separator: "   "))"
  }

  private var phaseText: String {
    guard let phases = server.phases else { return "not reported" }
    let total = phases.reduce(0) { $0 + $1.seconds }
    return phases.map { "\($0.name) \(Self.latency(Int($0.seconds * 1e9))) (\(Self.text(100 * $0.seconds / max(total, 1e-12))) %)" }
      .joined(separator: "   ")
  }

  private var yardstickText: String {
    guard let yardstick, let machine, let multiplyAddsPerSecond else { return "not measured" }
    let share = "\(machine.share(multiplyAddsPerSecond: multiplyAddsPerSecond)), \(Self.text(2 * yardstick.multiplyAddsPerItem / 1e6)) MFLOP an item"
    guard let library = yardstick.itemsPerSecond, let yardstickPercent else { return share }
    let speed = 2 * yardstick.multiplyAddsPerItem * library / 1e9
    return
      "\(share); \(Self.text(yardstickPercent)) % of OpenBLAS's \(Self.text(library)) items/s (\(yardstick.rows) rows, \(Self.text(speed)) GFLOP/s)"
  }

  /// Three digits.
  static func text(_ value: Double) -> String {
    switch abs(value) {
    case 100...: String(format: "%.0f", value)
    case 10..<100: String(format: "%.1f", value)
    default: String(format: "%.2f", value)
    }
  }

  static func latency(_ nanoseconds: Int?) -> String {
    guard let nanoseconds else { return "-" }
    return nanoseconds >= 1_000_000 ? "\(text(Double(nanoseconds) / 1e6)) ms" : "\(text(Double(nanoseconds) / 1e3)) us"
  }
}
