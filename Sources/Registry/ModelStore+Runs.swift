package import Formats
import Foundation
import GRDB
package import ModelFiles

extension ModelStore {
  /// Runs of every kind, a page at a time; a run that starts meanwhile shifts no page.
  ///
  /// - Throws: `StoreError.invalidLimit`, `.invalidPageToken`, `.foreignPageToken`; `RunQueryError` for a name that no run has.
  package func runs(
    _ filter: RunFilter = RunFilter(), order: RunOrder = .newestFirst, pageToken: String? = nil, limit: Int = 100
  ) throws -> Page<Run> {
    try Page<Run>.validate(limit: limit)
    let signature = RunQuery.signature(filter, order)
    let after = try pageToken.map { text throws(StoreError) in try RunPageToken(text, of: signature) }
    // One more than asked for tells whether there is a next page.
    let query = RunQuery(filter: filter, order: order, after: after, limit: limit + 1)
    let found = try read { database in
      var builds = BuildTexts()
      try filter.checkNames(order, database)
      let rows = try query.runs.fetchAll(database)
      func value(_ row: Row) -> RunSortValue? { RunSortValue(row["sort_value"] as DatabaseValue) }
      let runs = zip(try Run.all(database, rows, &builds), rows).map { (run: $0, value: value($1)) }
      let inferences = try query.inferences.map { try $0.fetchAll(database).map { (run: try Run(inference: $0, &builds), value: value($0)) } } ?? []
      return runs + inferences
    }
    // Each list is in order, and the two are merged.
    let merged = found.sorted { one, other in
      let (first, second) = order.isDescending ? (other, one) : (one, other)
      if let a = first.value, let b = second.value, a < b || b < a { return a < b }
      return first.run.id < second.run.id
    }
    return Page(
      merged.prefix(limit).map(\.run),
      nextPageToken: merged.count > limit
        ? merged.prefix(limit).last.map { RunPageToken(value: $0.value, id: $0.run.id).text(of: signature) } : nil)
  }

  /// How SQLite finds these runs: the lines of EXPLAIN QUERY PLAN for the first page, and for the one after a token.
  package func plan(of filter: RunFilter, order: RunOrder = .newestFirst, pageToken: String? = nil) throws -> [String] {
    let after = try pageToken.map { text throws(StoreError) in try RunPageToken(text, of: RunQuery.signature(filter, order)) }
    let query = RunQuery(filter: filter, order: order, after: after, limit: 100)
    return try read { database in
      try [query.runs, query.inferences].compactMap { $0 }.flatMap { request in
        let statement = try request.makePreparedRequest(database).statement
        let rows = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + statement.sql, arguments: statement.arguments)
        return rows.map { $0["detail"] as String }
      }
    }
  }

  /// - Throws: `StoreError.unknownRun`.
  package func run(_ id: String) throws -> Run {
    try read { database in
      var builds = BuildTexts()
      let rows = try Row.fetchAll(database, sql: "SELECT * FROM runs WHERE id = ?", arguments: [id])
      if let run = try Run.all(database, rows, &builds).first { return run }
      let query = RunQuery.inference(id)
      guard let row = try query.fetchOne(database) else { throw StoreError.unknownRun(id: id) }
      return try Run(inference: row, &builds)
    }
  }

  /// The training that made a model file, the newest of several; nil where this store saw none.
  package func training(of digest: Digest) throws -> Run? {
    var filter = RunFilter(kind: .train, status: .finished)
    filter.predicate = .condition(.init(.attribute(.outputDigest), .equal, .digest(digest)))
    return try runs(filter, limit: 1).items.first
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
        SELECT run_metrics.* FROM run_latest_metrics AS latest
        JOIN run_metrics ON run_metrics.run = latest.run AND run_metrics.sequence = latest.sequence WHERE latest.run = ? ORDER BY latest.name
        """, [run.description])
  }

  /// The last values of the metrics of several runs; those that are not numbers are left out.
  package func latestValues(of runs: [RunID]) throws -> [RunID: [String: Double]] {
    let ids = runs.map(\.description)
    let request: SQLRequest<Row> = "SELECT run, name, value FROM run_latest_metrics WHERE run IN \(ids) AND value IS NOT NULL"
    return try read { database in
      var values: [RunID: [String: Double]] = [:]
      for row in try request.fetchAll(database) { values[try row.parse("run"), default: [:]][row["name"]] = row["value"] }
      return values
    }
  }

  /// The smallest and largest value of each metric, by name; values that are not numbers count for neither.
  package func metricRanges(of run: RunID) throws -> [String: ClosedRange<Double>] {
    try read { database in
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT name, min(value) AS low, max(value) AS high FROM run_metrics WHERE run = ? AND value IS NOT NULL GROUP BY name",
        arguments: [run.description])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], ($0["low"] as Double)...($0["high"] as Double)) })
    }
  }

  private func recordedMetrics(of run: RunID, sql: String, _ arguments: StatementArguments) throws -> [RecordedMetric] {
    try read { database in
      let metrics = try Row.fetchAll(database, sql: sql, arguments: arguments).map { row in
        RecordedMetric(
          sequence: row["sequence"],
          metric: RunMetric(name: row["name"], value: row["value"] ?? .nan, step: row["step"], epoch: row["epoch"]),
          time: try row.parse("time"))
      }
      if metrics.isEmpty { try Self.requireExistence(database, run) }
      return metrics
    }
  }
}

/// Builds as they are read: most runs of a page share one, and reading JSON is most of the work of a row.
private struct BuildTexts {
  private var known: [String: BuildInformation] = [:]

  mutating func decode(_ text: String) throws -> BuildInformation {
    if let build = known[text] { return build }
    let build = try JSONDecoder().decode(BuildInformation.self, from: Data(text.utf8))
    known[text] = build
    return build
  }
}

extension Run {
  /// A row of `RunQuery.inferences`.
  fileprivate init(inference row: Row, _ builds: inout BuildTexts) throws {
    let id: RunID = try row.parse("id")
    let parameters: String? = row["parameters"]
    let (seed, items): (Int?, Int?) = (row["seed"], row["items"])
    var options: InferenceRecord.Options?
    if let parameters, let seed, let items { options = InferenceRecord.Options(parameters: parameters, seed: seed, items: items) }
    let microseconds: Int = row["latency_us"]
    let failure: String? = row["failure"]
    self.init(
      id: id,
      description: RunDescription(
        kind: .inference, family: row["family"], model: row["model"], version: row["version"], modelDigest: try row.parse("digest"),
        configuration: "{}", parameters: try parameters.map(Self.texts) ?? [:], seed: UInt64(seed ?? 0),
        build: try builds.decode(row["build"])),
      status: failure == nil ? .finished : .failed, startedAt: id.startedAt,
      finishedAt: Timestamp(milliseconds: id.startedAt.milliseconds + Int64((microseconds + 500) / 1000)), failure: failure,
      outputDigest: try row.digestIfPresent("output_digest"),
      inference: InferenceFacts(
        operation: row["operation"], httpStatus: row["http_status"], microseconds: microseconds, options: options,
        inputDigest: try row.digestIfPresent("input_digest"), inputType: row["input_type"], outputType: row["output_type"],
        keepsInput: row["keeps_input"], trace: row["trace"]))
  }

  /// The members of a JSON object as texts, strings without their quotes.
  private static func texts(_ json: String) throws -> [String: String] {
    guard case .object(let members) = try JSONValue(parsing: Array(json.utf8)) else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: members.map { member in
        if case .string(let text) = member.value { return (member.name, text) }
        return (member.name, String(decoding: member.value.text, as: UTF8.self))
      })
  }

  /// The runs of these rows, in their order: three queries, however many runs.
  fileprivate static func all(_ database: Database, _ rows: [Row], _ builds: inout BuildTexts) throws -> [Run] {
    let ids = rows.map { $0["id"] as String }
    let parameters = try pairs(database, "SELECT run, name, value FROM run_parameters WHERE run IN \(ids)")
    let tags = try pairs(database, "SELECT run, name, value FROM run_tags WHERE run IN \(ids)")
    return try rows.map { row in
      let id: RunID = try row.parse("id")
      return Run(
        id: id,
        description: RunDescription(
          kind: try row.parse("kind"), family: row["family"], model: row["model"], version: row["version"],
          modelDigest: try row.parseIfPresent("digest"), configuration: row["configuration"], parameters: parameters[id.description] ?? [:],
          tags: tags[id.description] ?? [:], seed: UInt64(row["seed"] as Int64), dataDigest: try row.parseIfPresent("data_digest"),
          build: try builds.decode(row["build"])),
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
