internal import Data
internal import Formats
internal import Foundation
internal import HTTP
internal import Learning
internal import Logging
internal import ModelFiles
internal import Modelling
internal import Registry

extension Application {
  /// POST /v1/admin/runs: starts a training, an evaluation, or the imputation of a table, and answers 202 with the run.
  func startJob(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let memory = memory.open()
    defer { withExtendedLifetime(memory) {} }
    let body = try await memory.collect(request.body.limited(to: 1 << 20))
    guard !store.isReadOnly else { throw StoreError.servedReadOnly }
    let asked = try StrictJSON.decode(JobRequest.self, from: try JSONValue(parsing: body))
    try asked.validate()
    guard !options.jobs.command.isEmpty else { throw Problem(.unavailable, "This server does no work in the background.") }
    let (run, answer) = try await storeLanes.run { [self] in
      let plan = try JobPlan(asked, in: store, options)
      let run = try store.start(plan.description, specification: plan.specification, owner: caller.principal.key ?? "admin")
      do {
        // From now on the data may be deleted.
        for (dataset, folder) in plan.datasets { try store.lay(out: dataset, in: "\(store.workFolder(of: run))/data/\(folder)") }
        try store.attach("job.json", mediaType: MediaType.json.name, bytes: Array(plan.specification.utf8), to: run)
      } catch {
        try? store.finish(run, .failed(Problem(error)?.detail ?? "\(error)"))
        store.removeWorkFolder(of: run)
        throw error
      }
      return (run, try RunJSON.run(store.run(run.description)))
    }
    do { try begin(run) } catch {
      try await storeLanes.run { [store] in
        try store.finish(run, .cancelled)
        store.removeWorkFolder(of: run)
      }
      throw error
    }
    var response = Response.json(answer, status: .accepted)
    response.headers["Location"] = "/v1/runs/\(run)"
    response.headers["Posterior-Run"] = run.description
    return response
  }

  /// Puts a run among those that wait for their turn.
  func begin(_ run: RunID) throws {
    let folder = store.workFolder(of: run)
    let jobs = options.jobs
    let threads = jobs.threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    let command = jobs.command + [run.description, "--store", store.directory, "--threads", "\(threads)", "--memory", "\(jobs.memoryBytes)"]
    try self.jobs.add(run) {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return try ChildProcess(command, log: folder + "/log.txt")
    } ended: { [self] result, isCancelled in
      await ended(run, result, isCancelled: isCancelled)
    }
  }

  /// What a job's process leaves for this one to do.
  private func ended(_ run: RunID, _ result: Result<ChildProcess.Ending, ChildProcess.Failure>, isCancelled: Bool) async {
    // A server that stops leaves the run to the next one.
    if !isCancelled, case .success(.exit(JobExit.stopped)) = result, readiness.state == .draining { return }
    let outcome = Self.outcome(result, isCancelled: isCancelled)
    if await end(run, outcome) { return }
    // A disk that is full: what the job kept may be what fills it, and a run that nobody does must not look like one that goes on.
    store.removeWorkFolder(of: run)
    Task { [self] in
      while readiness.state != .draining {
        // Nothing tells when there is room again: all that is left is to try. This task is not cancelled.
        try? await Task.sleep(for: .seconds(2))
        if await end(run, outcome) { return }
      }
    }
  }

  /// - Returns: whether the store has it.
  private func end(_ run: RunID, _ outcome: RunOutcome) async -> Bool {
    do {
      try await storeLanes.run(isUnderWay: true) { [store] in
        if try store.run(run.description).status == .running {
          Self.keepLog(of: run, in: store)
          try store.finish(run, outcome)
        }
        store.removeWorkFolder(of: run)
      }
      return true
    } catch {
      logger.error("a run in the background can't be ended yet", metadata: ["run": "\(run)", "reason": "\(error)"])
      return false
    }
  }

  private static func outcome(_ result: Result<ChildProcess.Ending, ChildProcess.Failure>, isCancelled: Bool) -> RunOutcome {
    switch result {
    case _ where isCancelled: .cancelled
    case .success(.exit(0)): .failed("the process ended without ending the run")
    case .success(.exit(JobExit.diskFull)): .failed("the disk was full")
    case .success(.exit(let code)): .failed("the process ended with exit code \(code)")
    case .success(.signal(let signal)):
      .failed("the process was ended by signal \(signal); it may have needed more memory than --job-memory allows, or the machine has")
    case .failure(let failure): .failed(failure.description)
    }
  }

  /// The end of what a job's process wrote.
  private static func keepLog(of run: RunID, in store: ModelStore) {
    guard let log = FileManager.default.contents(atPath: store.workFolder(of: run) + "/log.txt"), !log.isEmpty else { return }
    // The run ends with or without it.
    try? store.attach("log.txt", mediaType: "text/plain", bytes: Array(log.suffix(1 << 20)), to: run)
  }

  /// Asks the processes of jobs to keep what they have, and waits for their end; the next server goes on with them.
  package func stopJobs() async { await jobs.stop() }

  // MARK: - Files that jobs made

  /// A file of a run, streamed from the disk; those of a job are for the key that started it, and for administrators.
  func file(named name: String, of run: Run, _ request: Request) async throws -> Response? {
    let found = try await storeLanes.run { [store] in try store.files(of: run.id).first { $0.name == name } }
    guard let found else { return nil }
    let file = try await storeLanes.run { [store] in try store.reading(found) { try ItemFile.opening($0) } }
    guard let file else { return nil }
    let response = Response(
      headers: [
        "Content-Type": found.mediaType, "Content-Disposition": "attachment; filename=\"\(found.name)\"", "Cache-Control": "private, no-store",
      ],
      body: .stream(length: found.byteCount) { [storeLanes] writer in
        var offset = 0
        while offset < found.byteCount {
          let piece = try await storeLanes.run(isUnderWay: true) { [offset] in try file.read(at: offset, upTo: 1 << 18) }
          guard !piece.isEmpty else { return }
          offset += piece.count
          try await writer.write(piece)
        }
      })
    return response.tagged(EntityTag(found.digest.description), for: request)
  }

  /// Refuses whoever did not start a job, and is no administrator.
  func requireOwner(of run: RunID, _ caller: Caller) async throws {
    guard !caller.may(.admin), let job = try await storeLanes.run({ [store] in try store.job(of: run) }) else { return }
    guard let key = caller.principal.key else {
      throw Problem(
        .unauthenticated,
        "What run \(run) was given and made is for the key that started it, and for administrators: send the header \"Authorization: Bearer KEY\".",
        headers: ["WWW-Authenticate": "Bearer realm=\"posterior\""])
    }
    guard job.owner == key else {
      throw Problem(
        .forbidden, "What run \(run) was given and made is for the key that started it, and for administrators.", field: "id", given: run.description,
        headers: ["WWW-Authenticate": Gate.challenge("insufficient_scope", "the run is another key's", scope: .admin)])
    }
  }

  /// DELETE /v1/admin/runs/{id}/files: the tables and models that a run made, with their bytes.
  func deleteRunFiles(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let id = request.parameter("id")
    let count = try await storeLanes.run { [self] in try store.deleteFiles(of: recordedRun(id).id, actor: caller.principal) }
    return .json(.record(["run": .string(id), "deleted": .integer(count)]))
  }
}

/// How a job's process says why it ends.
package enum JobExit {
  /// It was asked to stop, and goes on from what it kept when it is started again.
  package static let stopped: Int32 = 75
  /// What it had to write about its end had no room.
  package static let diskFull: Int32 = 74
}
