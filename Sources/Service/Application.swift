package import Data
package import HTTP
package import Learning
package import Logging
package import Modelling
package import Registry

/// The service: a store, models in memory, a batcher that computes, and the routes that lead to them.
package struct Application: Sendable {
  package struct Options: Sendable {
    /// Batches computed at once.
    package var lanes: Int
    package var batching = BatchPolicy()
    package var limits = ServiceLimits()
    /// Whether inference needs a key.
    package var requiresKeys = false
    /// Families whose models it serves.
    package var families: [any ModelFamily.Type]
    package var recording = InferenceRecorder.Options()
    /// What work in the background may take.
    package var jobs = JobOptions()
    /// How to learn from data where a client says no more than which; nil: a recipe has to be given.
    package var chooseRecipe: (@Sendable (DataFacts, _ family: String?, DataSource) throws -> Recipe)?
    /// Whether log lines about requests have fields, for programs, instead of a sentence.
    package var logsFields = false

    package init(lanes: Int, families: [any ModelFamily.Type]) { (self.lanes, self.families) = (lanes, families) }
  }

  package let store: ModelStore
  package let options: Options
  package let batcher: Batcher
  package let memory: MemoryBudget
  /// What bodies take on disk while they are answered block by block.
  let spool: MemoryBudget
  package let models: LoadedModels
  package let metrics = ServiceMetrics()
  let statistics = InferenceStatistics()
  package let readiness = Readiness()
  /// Connections of the server that this application answers on, once there is one.
  package let connectionCount = ConnectionCount()
  package let recorder: InferenceRecorder
  /// Audits without a client that waits.
  let audits = AuditRunner()
  /// Trainings, evaluations and imputations of whole tables.
  let jobs: JobRunner
  let admission: any Admission
  /// Links that sign a browser in.
  let links = SignInLinks()
  let logger: Logger
  /// For models being loaded and checked.
  let loadLanes: ComputeLanes
  /// For what waits for the disk: SQLite, uploads.
  let storeLanes: ComputeLanes

  /// - Parameter logger: gets a line a request, and the errors that no client caused.
  package init(store: ModelStore, adminKey: AdminKey, options: Options, logger: Logger = .silent) {
    self.init(store: store, admission: Gate(adminKey: adminKey, store: store, requiresKeys: options.requiresKeys), options: options, logger: logger)
  }

  /// Without keys: every request is the caller's.
  package init(store: ModelStore, caller: Caller, options: Options, logger: Logger = .silent) {
    self.init(store: store, admission: FixedAdmission(caller: caller), options: options, logger: logger)
  }

  private init(store: ModelStore, admission: any Admission, options: Options, logger: Logger) {
    self.store = store
    self.options = options
    self.logger = logger
    var batching = options.batching
    batching.maxRows = min(batching.maxRows, options.limits.blockRows)
    batcher = Batcher(width: options.lanes, capacity: options.limits.waitingRequests, policy: batching)
    memory = MemoryBudget(capacity: options.limits.heldBytes)
    spool = MemoryBudget(capacity: options.limits.spooledBytes, perClient: options.limits.spooledBytesPerClient, of: "disk")
    loadLanes = ComputeLanes("load", width: options.lanes, capacity: options.limits.waitingRequests)
    storeLanes = ComputeLanes("store", width: 4, capacity: options.limits.waitingRequests)
    models = LoadedModels(store: store, families: options.families, lanes: loadLanes, limits: options.limits, logger: logger)
    var recording = options.recording
    if store.isReadOnly { recording.policy = .none }
    recorder = InferenceRecorder(store: store, options: recording)
    jobs = JobRunner(options.jobs)
    self.admission = admission
  }

  var limits: ServiceLimits { options.limits }

  /// The routes, each once, behind the log and the counters.
  package var handler: any Handler { router.decorated(logged) }

  /// Gives freed memory back to the system a moment later, when what its users still hold is free as well.
  package func returnMemorySoon() { Residence.returnMemorySoon() }

  /// The answer to a request that the HTTP layer turns away.
  package func refuse(_ refusal: Refusal) -> Response {
    metrics.count(method: "-", route: "-", status: refusal.status.code)
    return Problem(refusal).response
  }

  private nonisolated(nonsending) func logged(_ request: Request, _ next: some Handler) async -> Response {
    let isLogged = logger.logLevel <= .info
    let start = isLogged ? ContinuousClock.now : nil
    let notes = isLogged && options.logsFields ? RequestNotes() : nil
    var request = request
    request.attachment = notes
    metrics.begin()
    let response = await next.respond(to: request)
    metrics.end()
    guard let start else { return response }
    let bytes: Int? =
      switch response.body {
      case .empty: 0
      case .bytes(let body): body.count
      case .stream(let length, _): length
      }
    // To the hundredth.
    let milliseconds = (((ContinuousClock.now - start) / .microseconds(10)).rounded()) / 100
    let path = request.target.prefix { $0 != "?" }.prefix(256)
    if let notes {
      var fields: Logger.Metadata = [
        "method": "\(request.method)", "path": "\(path)", "status": "\(response.status.code)", "duration_ms": "\(milliseconds)",
      ]
      fields["bytes"] = bytes.map { "\($0)" }
      fields["client"] = request.clientAddress.map { "\($0)" }
      fields["key"] = notes.key.map { "\($0)" }
      if let trace = TraceContext(request.headers["traceparent"]) {
        (fields["trace_id"], fields["parent_id"]) = ("\(trace.trace)", "\(trace.parent)")
      }
      for (field, name) in [("run", "Posterior-Run"), ("model", "Posterior-Model"), ("seed", "Posterior-Seed")] {
        fields[field] = response.headers[name].map { "\($0)" }
      }
      for (name, milliseconds) in notes.durations { fields["\(name)_ms"] = "\(milliseconds)" }
      logger.info("request", metadata: fields)
    } else {
      logger.info("\(request.method) \(path) \(response.status.code) \(milliseconds) ms \(bytes.map { "\($0)" } ?? "-") bytes")
    }
    return response
  }

  /// Turns what an endpoint throws into the answer that helps.
  nonisolated(nonsending) func answering(
    _ request: Request, _ body: nonisolated(nonsending) (Request) async throws -> Response
  ) async -> Response {
    do {
      return try await body(request)
    } catch {
      let problem = Problem(error)
      if problem == nil { logger.error("\(request.method) \(request.target.prefix(256)): \(error)") }
      let told = problem ?? .unexpected
      return request.route?.hasPrefix("/v2") == true ? told.inferenceResponse : told.response
    }
  }
}

extension Logger {
  package static var silent: Logger { Logger(label: "posterior") { _ in SwiftLogNoOpLogHandler() } }
}
