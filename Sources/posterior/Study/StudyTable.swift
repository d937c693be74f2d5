import Foundation
import Studies

/// The report of a study for people.
struct StudyTable {
  private let report: StudyReport

  init(_ report: StudyReport) { self.report = report }

  private static let metricsAbreast = 4

  var lines: [String] {
    let done = report.rows.reduce(0) { $0 + $1.results.count }
    var lines = ["\(report.study.name): \(report.jobs) jobs, \(done) with a result"]
    lines += means + intervals + repeats
    if !report.missing.isEmpty {
      lines += ["", "without a result:"]
      // Jobs that wait are no news one by one.
      for (reason, jobs) in Self.grouped(report.missing) {
        lines += "\(jobs.joined(separator: ", ")): \(reason)".split(separator: "\n").enumerated().map { number, line in
          (number == 0 ? "  " : "    ") + TextTable.plain(String(line))
        }
      }
    }
    if !report.notes.isEmpty { lines += [""] + report.notes.map { "note: \($0)" } }
    return lines
  }

  private static func grouped(_ failures: [StudyReport.Failure]) -> [(reason: String, jobs: [String])] {
    failures.reduce(into: []) { groups, failure in
      if let place = groups.firstIndex(where: { $0.reason == failure.reason }) {
        groups[place].jobs.append(failure.job)
      } else {
        groups.append((failure.reason, [failure.job]))
      }
    }
  }

  /// A line a row, a column a metric.
  private var means: [String] {
    let measured = report.metrics.filter { metric in report.rows.contains { $0.sample(metric) != nil } }
    let tables = stride(from: 0, to: measured.count, by: Self.metricsAbreast).map { start in
      let metrics = measured[start..<min(start + Self.metricsAbreast, measured.count)]
      let rows = report.rows.map { row in
        let samples = metrics.map { row.sample($0) }
        let counts = Set(samples.compactMap { $0?.count }).sorted().map(String.init).joined(separator: ", ")
        return [row.row.title, counts.isEmpty ? "0" : counts]
          + zip(metrics, samples).map { metric, sample in
            guard let sample else { return "-" }
            let form = form(metric)
            return form(sample.mean) + (sample.deviation.map { " +- \(form($0))" } ?? "")
          }
      }
      return [""] + TextTable.aligned([["mean +- sd over n seeds", "n"] + metrics] + rows)
    }
    return tables.flatMap { $0 }
  }

  /// A table a metric.
  private var intervals: [String] {
    report.metrics.flatMap { metric -> [String] in
      let form = form(metric)
      let rows = report.rows.compactMap { row -> [String]? in
        guard let sample = row.sample(metric) else { return nil }
        let ends = StudyReport.extremes(row.seeds(metric))
        return [
          row.row.title, "\(sample.count)", form(sample.mean), Self.text(sample.meanInterval, form), sample.deviation.map(form) ?? "-",
          Self.text(sample.deviationInterval, form), "\(form(ends.lowest.value)) (\(ends.lowest.seed))",
          "\(form(ends.highest.value)) (\(ends.highest.seed))",
        ]
      }
      guard !rows.isEmpty else { return [] }
      return [""]
        + TextTable.aligned([[metric, "n", "mean", "its 95 % interval", "sd", "its 95 % interval", "lowest (seed)", "highest (seed)"]] + rows)
    }
  }

  private var repeats: [String] {
    guard let differing = report.differing else { return [] }
    var lines = [
      "",
      differing.isEmpty
        ? "repeats of the same seed: the same model file, to the byte, for every one"
        : "repeats of the same seed: other model files than the first repeat's of \(differing.joined(separator: ", "))",
    ]
    let rows = report.samples.compactMap { row, metric, _ -> [String]? in
      guard let sample = row.repeated(metric, times: report.study.repeats) else { return nil }
      let form = form(metric)
      return [
        row.row.title, metric, "\(sample.seeds) x \(sample.repeats)", form(sample.withinSeed), form(sample.overSeeds),
        sample.ratio.map { $0 == 0 ? "0" : String(format: "%.3f", $0) } ?? "-", Self.text(sample.ratioInterval) { String(format: "%.3f", $0) },
      ]
    }
    guard !rows.isEmpty else { return lines }
    lines += TextTable.aligned([["", "metric", "seeds x repeats", "sd, same seed", "sd, any seed", "ratio", "its 95 % interval"]] + rows)
    return lines + ["a ratio of standard deviations is no share of variance: that is its square"]
  }

  /// As many decimals as the greatest number of a metric leaves room for, and an exponent where none would be left.
  private func form(_ metric: String) -> (Double) -> String {
    let greatest = report.rows.compactMap { $0.sample(metric) }.flatMap(\.values).map(abs).max() ?? 0
    let decimals = greatest < 10 ? 4 : greatest < 1000 ? 3 : 1
    return { value in
      // Exactly 0 is worth seeing, beside what is merely small.
      if value == 0 { return "0" }
      let isLost = abs(value) < 0.5 * pow(10, -Double(decimals))
      return String(format: isLost ? "%.1e" : "%.\(decimals)f", value)
    }
  }

  private static func text(_ range: ClosedRange<Double>?, _ form: (Double) -> String) -> String {
    range.map { "\(form($0.lowerBound)) to \(form($0.upperBound))" } ?? "-"
  }
}
