package import Formats
internal import ModelFiles

extension StudyReport {
  /// A line a row and metric.
  package var csv: [UInt8] {
    var writer = CSVWriter(lineEnd: "\n")
    writer.append([
      "recipe", "data", "metric", "n", "mean", "sd", "mean_low", "mean_high", "sd_low", "sd_high", "lowest", "lowest_seed", "highest", "highest_seed",
    ])
    for (row, metric, sample) in samples {
      let extremes = Self.extremes(row.seeds(metric))
      let numbers = [
        sample.mean, sample.deviation, sample.meanInterval?.lowerBound, sample.meanInterval?.upperBound, sample.deviationInterval?.lowerBound,
        sample.deviationInterval?.upperBound,
      ]
      writer.append(
        [row.row.name, row.row.data ?? "", metric, "\(sample.count)"] + numbers.map { $0.map { "\($0)" } ?? "" } + [
          "\(extremes.lowest.value)", "\(extremes.lowest.seed)", "\(extremes.highest.value)", "\(extremes.highest.seed)",
        ])
    }
    return writer.bytes
  }

  /// A line a job and metric, of all that was measured.
  package var seedsCSV: [UInt8] {
    var writer = CSVWriter(lineEnd: "\n")
    writer.append(["job", "recipe", "data", "seed", "repeat", "metric", "value", "model"])
    for (job, result) in rows.flatMap(\.results) {
      for metric in result.metrics {
        writer.append([
          job.id, job.row.name, job.row.data ?? "", "\(job.seed)", "\(job.repetition)", metric.name, metric.value.map { "\($0)" } ?? "",
          result.model.description,
        ])
      }
    }
    return writer.bytes
  }

  package var json: JSONValue {
    .record([
      "study": .string(study.name), "jobs": .integer(jobs), "done": .integer(rows.reduce(0) { $0 + $1.results.count }),
      "missing": .array(missing.map { .record(["job": .string($0.job), "reason": .string($0.reason)]) }),
      "confidence": .number(Sample.confidence),
      "rows": .array(
        rows.map { row in
          .record([
            "recipe": .string(row.row.name), "data": .string(orNull: row.row.data),
            "metrics": .array(metrics.compactMap { metric in row.sample(metric).map { json(row, metric, $0) } }),
            "jobs": .array(row.results.map { json($0.job, $0.result) }),
          ])
        }),
      "repeats": differing.map { .record(["differing": .strings($0)]) }, "notes": .strings(notes),
    ])
  }

  private func json(_ row: Row, _ metric: String, _ sample: Sample) -> JSONValue {
    let extremes = Self.extremes(row.seeds(metric))
    func end(_ end: (seed: Int, value: Double)) -> JSONValue { .record(["seed": .integer(end.seed), "value": .number(end.value)]) }
    return .record([
      "name": .string(metric), "n": .integer(sample.count), "mean": .number(sample.mean), "sd": Self.number(sample.deviation),
      "mean_interval": Self.interval(sample.meanInterval), "sd_interval": Self.interval(sample.deviationInterval), "lowest": end(extremes.lowest),
      "highest": end(extremes.highest), "repeated": row.repeated(metric, times: study.repeats).map(json),
    ])
  }

  private func json(_ sample: RepeatedSample) -> JSONValue {
    .record([
      "seeds": .integer(sample.seeds), "repeats": .integer(sample.repeats), "sd_within_seed": .number(sample.withinSeed),
      "sd_over_seeds": .number(sample.overSeeds), "ratio": Self.number(sample.ratio), "ratio_interval": Self.interval(sample.ratioInterval),
    ])
  }

  private func json(_ job: StudyJob, _ result: JobResult) -> JSONValue {
    .record([
      "id": .string(job.id), "seed": .integer(job.seed), "repeat": .integer(job.repetition), "model": .string(result.model.description),
      "adopted": .bool(result.isAdopted), "runs": .strings(result.runs.map(\.description)), "seconds": .number(result.seconds),
      "processor_seconds": .number(result.processorSeconds),
      "metrics": .array(result.metrics.map { .record(["name": .string($0.name), "value": Self.number($0.value)]) }),
    ])
  }

  private static func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }

  private static func interval(_ range: ClosedRange<Double>?) -> JSONValue {
    range.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null
  }

  /// Every row and metric of which there are numbers.
  package var samples: [(row: Row, metric: String, sample: Sample)] {
    metrics.flatMap { metric in rows.compactMap { row in row.sample(metric).map { (row, metric, $0) } } }
  }

  /// The first of equals; of one number or more.
  package static func extremes(_ seeds: [(seed: Int, value: Double)]) -> (lowest: (seed: Int, value: Double), highest: (seed: Int, value: Double)) {
    seeds.reduce((seeds[0], seeds[0])) { ($1.value < $0.0.value ? $1 : $0.0, $1.value > $0.1.value ? $1 : $0.1) }
  }
}
