import Formats
import Foundation
import GRDB
package import ModelFiles

extension ModelStore: RunRecorder {
  /// - Throws: `StoreError.invalidSeed`, `.refused` for what the schema does not take (a configuration that is not JSON, an empty family).
  package func start(_ run: RunDescription) throws -> RunID {
    guard let seed = Int64(exactly: run.seed) else { throw StoreError.invalidSeed(given: run.seed) }
    let id = RunID.generate()
    let build = try run.build.text
    try write { database in
      try database.execute(
        sql: """
          INSERT INTO runs (id, kind, status, family, model, version, digest, seed, configuration, data_digest, build, session, started_at)
          VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id.description, run.kind.rawValue, run.family, run.model, run.version, run.modelDigest?.description, seed, run.configuration,
          run.dataDigest?.description, build, session.token, id.startedAt.description,
        ])
      for (name, value) in run.parameters {
        try database.execute(sql: "INSERT INTO run_parameters (run, name, value) VALUES (?, ?, ?)", arguments: [id.description, name, value])
      }
      for (name, value) in run.tags {
        try Self.setTag(database, name, to: value, of: id)
      }
    }
    return id
  }

  /// - Throws: `StoreError.unknownRun`, `.runNotRunning`.
  package func record(_ metrics: [RunMetric], in run: RunID) throws {
    let time = Timestamp.now.description
    try write { database in
      try Self.requireRunning(database, run)
      let last = try Int.fetchOne(database, sql: "SELECT max(sequence) FROM run_metrics WHERE run = ?", arguments: [run.description]) ?? 0
      let insertion = try database.cachedStatement(
        sql: "INSERT INTO run_metrics (run, sequence, name, step, epoch, value, time) VALUES (?, ?, ?, ?, ?, ?, ?)")
      for (offset, metric) in metrics.enumerated() {
        try insertion.execute(arguments: [
          run.description, last + 1 + offset, metric.name, metric.step, metric.epoch, metric.value.isNaN ? nil : metric.value, time,
        ])
      }
    }
  }

  /// - Throws: `StoreError.unknownRun`, `.runNotRunning`.
  package func finish(_ run: RunID, _ outcome: RunOutcome) throws {
    try write { database in
      try Self.requireRunning(database, run)
      let (status, failure, output): (RunStatus, String?, String?) =
        switch outcome {
        case .finished(let output): (.finished, nil, output?.description)
        case .failed(let text): (.failed, text.isEmpty ? "no reason was given" : text, nil)
        case .cancelled: (.cancelled, nil, nil)
        }
      try database.execute(
        sql: "UPDATE runs SET status = ?, failure = ?, output_digest = ?, finished_at = ? WHERE id = ?",
        arguments: [status.rawValue, failure, output, max(Timestamp.now, run.startedAt).description, run.description])
    }
  }

  /// Sets a parameter that is not set yet; the value that it has already changes nothing.
  ///
  /// - Throws: `StoreError.unknownRun`, `.parameterWritten` where it has another value.
  package func setParameter(_ name: String, to value: String, of run: RunID) throws {
    try write { database in
      _ = try Self.status(database, run)
      let present = try String.fetchOne(
        database, sql: "SELECT value FROM run_parameters WHERE run = ? AND name = ?", arguments: [run.description, name])
      guard let present else {
        return try database.execute(
          sql: "INSERT INTO run_parameters (run, name, value) VALUES (?, ?, ?)", arguments: [run.description, name, value])
      }
      guard present == value else { throw StoreError.parameterWritten(run: run, name: name, value: present, given: value) }
    }
  }

  /// Sets a tag, over the value it had.
  package func setTag(_ name: String, to value: String, of run: RunID) throws {
    try write { database in
      _ = try Self.status(database, run)
      try Self.setTag(database, name, to: value, of: run)
    }
  }

  /// The runs of sessions that no longer live will never end by themselves.
  func failAbandonedRuns(living: Set<String>) throws {
    let abandoned = try read { database in
      // A server goes on with those that keep what they were given.
      try Row.fetchAll(database, sql: "SELECT id, session FROM runs WHERE status = 'running' AND NOT (\(Self.isResumable))")
        .filter { !living.contains($0["session"]) }
    }
    guard !abandoned.isEmpty else { return }
    try write { database in
      for row in abandoned {
        try database.execute(
          sql: "UPDATE runs SET status = 'failed', failure = ?, finished_at = ? WHERE id = ?",
          arguments: ["the process ended without finishing the run", Timestamp.now.description, row["id"] as String])
      }
    }
  }

  private static let isResumable =
    """
    (kind = 'robustness' AND EXISTS (SELECT 1 FROM run_documents WHERE run = runs.id AND name = '\(RunDocument.resumableInput)')
      OR EXISTS (SELECT 1 FROM jobs WHERE run = runs.id))
    """

  /// Takes over the jobs, and the audits that keep their input, whose process has ended; from now on they are this session's.
  package func adoptRuns() throws -> [Run] {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    let lock = try root.lock()
    defer { lock.unlock() }
    let living = try leftovers().living
    let abandoned = try read { database in
      try Row.fetchAll(database, sql: "SELECT id, session FROM runs WHERE status = 'running' AND \(Self.isResumable) ORDER BY id")
        .filter { !living.contains($0["session"]) }.map { $0["id"] as String }
    }
    guard !abandoned.isEmpty else { return [] }
    // Whoever holds the store's lock is alone in taking runs over.
    try write { database in
      for id in abandoned { try database.execute(sql: "UPDATE runs SET session = ? WHERE id = ?", arguments: [session.token, id]) }
    }
    return try abandoned.map(run)
  }

  /// Ends a run as cancelled whose process has ended without ending it.
  ///
  /// - Returns: whether it was such a run.
  package func cancelAbandoned(_ run: RunID) throws -> Bool {
    guard !isReadOnly else { throw StoreError.servedReadOnly }
    let lock = try root.lock()
    defer { lock.unlock() }
    let living = try leftovers().living
    let owner = try read { database in
      try String.fetchOne(database, sql: "SELECT session FROM runs WHERE id = ? AND status = 'running'", arguments: [run.description])
    }
    guard let owner, !living.contains(owner) else { return false }
    try finish(run, .cancelled)
    return true
  }

  static func setTag(_ database: Database, _ name: String, to value: String, of run: RunID) throws {
    try database.execute(
      sql: "INSERT INTO run_tags (run, name, value) VALUES (?, ?, ?) ON CONFLICT (run, name) DO UPDATE SET value = excluded.value",
      arguments: [run.description, name, value])
  }

  /// - Throws: `StoreError.unknownRun`.
  static func status(_ database: Database, _ run: RunID) throws -> RunStatus {
    let row = try Row.fetchOne(database, sql: "SELECT status FROM runs WHERE id = ?", arguments: [run.description])
    guard let row else { throw StoreError.unknownRun(id: run.description) }
    return try row.parse("status")
  }

  /// - Throws: `StoreError.unknownRun` unless it is a run of any kind.
  static func requireExistence(_ database: Database, _ run: RunID) throws {
    let isInference = try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM inferences WHERE id = ?)", arguments: [run.description])
    if isInference != true { _ = try status(database, run) }
  }

  static func requireRunning(_ database: Database, _ run: RunID) throws {
    let status = try status(database, run)
    guard status == .running else { throw StoreError.runNotRunning(id: run, status: status) }
  }
}

extension RunID {
  package var startedAt: Timestamp { Timestamp(milliseconds: Int64(milliseconds)) }
}
