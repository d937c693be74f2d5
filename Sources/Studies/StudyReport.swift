internal import Formats
internal import ModelFiles

/// What the results of a study come to, line by line of its table.
package struct StudyReport: Sendable {
  package struct Row: Sendable {
    package let row: StudyRow
    /// In the order of the study: seed by seed, and of each its repeats.
    package let results: [(job: StudyJob, result: JobResult)]

    /// Of each seed with a finite number the mean over its repeats, which are equal where training is deterministic.
    package func seeds(_ metric: String) -> [(seed: Int, value: Double)] {
      groups(metric).map { ($0.seed, Sample($0.values).mean) }
    }

    /// nil where no result has the metric as a finite number.
    package func sample(_ metric: String) -> Sample? {
      let values = seeds(metric).map(\.value)
      return values.isEmpty ? nil : Sample(values)
    }

    /// Of the seeds all whose repeats are done.
    package func repeated(_ metric: String, times: Int) -> RepeatedSample? {
      RepeatedSample(groups(metric).map(\.values).filter { $0.count == times })
    }

    private func groups(_ metric: String) -> [(seed: Int, values: [Double])] {
      var (order, values): ([Int], [Int: [Double]]) = ([], [:])
      for (job, result) in results {
        guard let value = result.metrics.first(where: { $0.name == metric })?.value else { continue }
        if values[job.seed] == nil { order.append(job.seed) }
        values[job.seed, default: []].append(value)
      }
      return order.map { ($0, values[$0] ?? []) }
    }
  }

  package struct Failure: Sendable {
    package let job: String
    package let reason: String

    package init(job: String, reason: String) { (self.job, self.reason) = (job, reason) }
  }

  package let study: Study
  package let rows: [Row]
  /// Those of the tables and the picture.
  package let metrics: [String]
  /// Jobs without a result, and why.
  package let missing: [Failure]
  /// How many there are in all.
  package let jobs: Int

  /// - Parameter results: by the names of jobs.
  package init(_ plan: StudyPlan, results: [String: JobResult], missing: [Failure]) {
    (study, self.missing, jobs) = (plan.study, missing, plan.jobs.count)
    let order = Dictionary(uniqueKeysWithValues: plan.study.seeds.enumerated().map { ($1, $0) })
    rows = plan.study.rows.map { row in
      let own = plan.jobs.filter { $0.row == row }.sorted {
        (order[$0.seed] ?? 0, $0.repetition) < (order[$1.seed] ?? 0, $1.repetition)
      }
      return Row(row: row, results: own.compactMap { job in results[job.id].map { (job, $0) } })
    }
    metrics = plan.study.metrics ?? Self.main(rows)
  }

  /// All that was measured but standard errors and counts of components, in the order in which it came.
  private static func main(_ rows: [Row]) -> [String] {
    var (names, seen): ([String], Set<String>) = ([], [])
    for metric in rows.flatMap(\.results).flatMap(\.result.metrics) {
      let last = metric.name.split(separator: ".").last ?? ""
      guard last != "standard_error", !last.hasPrefix("components"), seen.insert(metric.name).inserted else { continue }
      names.append(metric.name)
    }
    return names
  }

  /// Jobs whose repeats gave other model files than the first one of their seed; nil where nothing was repeated.
  package var differing: [String]? {
    let all = rows.flatMap { row in
      Dictionary(grouping: row.results, by: \.job.seed).values.filter { $0.count > 1 }.map { $0.sorted { $0.job.repetition < $1.job.repetition } }
    }
    guard !all.isEmpty else { return nil }
    return all.flatMap { group in group.filter { $0.result.model != group[0].result.model }.map(\.job.id) }.sorted()
  }

  /// What a reader of the numbers has to know beside them.
  package var notes: [String] {
    var notes: [String] = []
    let measured = Set(rows.flatMap(\.results).flatMap(\.result.metrics).map(\.name))
    for metric in metrics where !measured.contains(metric) && !measured.isEmpty {
      let near = EditDistance.closest(to: metric, among: measured.sorted()).map { "; did you mean \($0)?" } ?? ""
      notes.append("no evaluation measured \(metric)\(near)")
    }
    for row in rows {
      if Set(row.results.compactMap(\.result.data)).count > 1 {
        notes.append("\(row.row.title): its models have learnt from different data, by the digests of their files")
      }
      for metric in metrics {
        let lost = row.results.filter { entry in entry.result.metrics.contains { $0.name == metric && $0.value == nil } }.map(\.job.id)
        if !lost.isEmpty { notes.append("\(metric) is no finite number of \(lost.joined(separator: ", ")), which is left out") }
      }
    }
    let builds = Set(rows.flatMap(\.results).map { "\($0.result.build.gitRevision.prefix(8)) on \($0.result.build.cpu)" })
    if builds.count > 1 { notes.append("results come of several builds or processors: \(builds.sorted().joined(separator: "; "))") }
    return notes
  }
}
