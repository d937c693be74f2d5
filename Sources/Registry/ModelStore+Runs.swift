import Formats
import Foundation
import GRDB
package import Training

extension ModelStore {
  /// Runs in the order of their start, a page at a time; a run that starts meanwhile shifts no page.
  ///
  /// - Throws: `StoreError.invalidLimit`, `.invalidPageToken`.
  package func runs(
    _ filter: RunFilter = RunFilter(), order: RunOrder = .newestFirst, pageToken: String? = nil, limit: Int = 100
  ) throws -> Page<Run> {
    try Page<Run>.validate(limit: limit)
    var conditions: [SQL] = []
    if let kind = filter.kind { conditions.append("kind = \(kind.rawValue)") }
    if let model = filter.model { conditions.append("model = \(model)") }
    if let models = filter.models { conditions.append("model IN \(models.sorted())") }
    if let status = filter.status { conditions.append("status = \(status.rawValue)") }
    // Identifiers begin with the time, so one index serves the time and the order.
    if let since = filter.since { conditions.append("id >= \(RunID(earliestAt: UInt64(max(0, since.milliseconds))).description)") }
    if let pageToken {
      guard let last = RunID(pageToken) else { throw StoreError.invalidPageToken(given: pageToken) }
      switch order {
      case .newestFirst: conditions.append("id < \(last.description)")
      case .oldestFirst: conditions.append("id > \(last.description)")
      }
    }
    let direction: SQL =
      switch order {
      case .newestFirst: "DESC"
      case .oldestFirst: "ASC"
      }
    let condition: SQL = conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND ")
    let request: SQLRequest<Row> = "SELECT * FROM runs WHERE \(condition) ORDER BY id \(direction) LIMIT \(limit + 1)"
    let runs = try read { database in try Run.all(database, try request.fetchAll(database)) }
    return Page(runs, limit: limit, token: \.id.description)
  }

  /// - Throws: `StoreError.unknownRun`.
  package func run(_ id: String) throws -> Run {
    try read { database in
      let rows = try Row.fetchAll(database, sql: "SELECT * FROM runs WHERE id = ?", arguments: [id])
      guard let run = try Run.all(database, rows).first else { throw StoreError.unknownRun(id: id) }
      return run
    }
  }

  /// The metrics of a run as they came, after a place in the sequence: call again with the last one's place to follow a run.
  ///
  /// - Throws: `StoreError.unknownRun`, `.invalidLimit`.
  package func metrics(of run: RunID, after sequence: Int = 0, limit: Int = 10_000) throws -> [RecordedMetric] {
    guard (1...10_000).contains(limit) else { throw StoreError.invalidLimit(given: limit, allowed: 1...10_000) }
    return try recordedMetrics(
      of: run, sql: "SELECT * FROM run_metrics WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?", [run.description, sequence, limit])
  }

  /// The last value of each metric, by name.
  ///
  /// - Throws: `StoreError.unknownRun`.
  package func latestMetrics(of run: RunID) throws -> [RecordedMetric] {
    try recordedMetrics(
      of: run,
      sql: """
        SELECT * FROM run_metrics
        WHERE run = ?1 AND sequence IN (SELECT max(sequence) FROM run_metrics WHERE run = ?1 GROUP BY name)
        ORDER BY name
        """, [run.description])
  }

  private func recordedMetrics(of run: RunID, sql: String, _ arguments: StatementArguments) throws -> [RecordedMetric] {
    try read { database in
      let metrics = try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
        RecordedMetric(
          sequence: row["sequence"],
          metric: RunMetric(name: row["name"], value: row["value"] ?? .nan, step: row["step"], epoch: row["epoch"]),
          time: try row.parse("time"))
      }
      if metrics.isEmpty { _ = try Self.status(database, run) }
      return metrics
    }
  }
}

extension Run {
  /// The runs of these rows, in their order: three queries, however many runs.
  fileprivate static func all(_ database: Database, _ rows: [Row]) throws -> [Run] {
    let ids = rows.map { $0["id"] as String }
    let parameters = try pairs(database, "SELECT run, name, value FROM run_parameters WHERE run IN \(ids)")
    let tags = try pairs(database, "SELECT run, name, value FROM run_tags WHERE run IN \(ids)")
    let decoder = JSONDecoder()
    return try rows.map { row in
      let id: RunID = try row.parse("id")
      let build: String = row["build"]
      return Run(
        id: id,
        description: RunDescription(
          kind: try row.parse("kind"), family: row["family"], model: row["model"], version: row["version"],
          modelDigest: try row.parseIfPresent("digest"), configuration: row["configuration"], parameters: parameters[id.description] ?? [:],
          tags: tags[id.description] ?? [:], seed: UInt64(row["seed"] as Int64), dataDigest: try row.parseIfPresent("data_digest"),
          build: try decoder.decode(BuildInformation.self, from: Data(build.utf8))),
        status: try row.parse("status"), startedAt: try row.parse("started_at"), finishedAt: try row.parseIfPresent("finished_at"),
        failure: row["failure"], outputDigest: try row.parseIfPresent("output_digest"))
    }
  }

  /// Names and values by run.
  private static func pairs(_ database: Database, _ request: SQLRequest<Row>) throws -> [String: [String: String]] {
    var pairs: [String: [String: String]] = [:]
    for row in try request.fetchAll(database) { pairs[row["run"], default: [:]][row["name"]] = row["value"] }
    return pairs
  }
}
