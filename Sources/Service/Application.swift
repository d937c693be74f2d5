package import HTTP
package import Logging
package import Models
package import Registry

/// The service: a store, models in memory, lanes to compute on, and the routes that lead to them.
package struct Application: Sendable {
  package struct Options: Sendable {
    /// Requests computed at once.
    package var lanes: Int
    package var limits = ServiceLimits()
    /// Whether inference needs a key.
    package var requiresKeys = false
    package var families: [any ModelFamily.Type] = Catalogue.families

    package init(lanes: Int) { self.lanes = lanes }
  }

  package let store: ModelStore
  package let options: Options
  package let lanes: ComputeLanes
  package let models: LoadedModels
  package let metrics = ServiceMetrics()
  package let readiness = Readiness()
  let gate: Gate
  let logger: Logger
  /// For what waits for the disk: SQLite, uploads.
  let storeLanes: ComputeLanes

  /// - Parameter logger: gets a line a request, and the errors that no client caused.
  package init(store: ModelStore, adminKey: AdminKey, options: Options, logger: Logger = .silent) {
    self.store = store
    self.options = options
    self.logger = logger
    lanes = ComputeLanes("compute", width: options.lanes, capacity: options.limits.waitingRequests)
    storeLanes = ComputeLanes("store", width: 4, capacity: options.limits.waitingRequests)
    models = LoadedModels(families: options.families, lanes: lanes, limits: options.limits)
    gate = Gate(adminKey: adminKey, requiresKeys: options.requiresKeys)
  }

  var limits: ServiceLimits { options.limits }

  /// The routes, each once, behind the log and the counters.
  package var handler: any Handler { router.decorated(logged) }

  /// The answer to a request that the HTTP layer turns away.
  package func refuse(_ refusal: Refusal) -> Response {
    metrics.count(method: "-", route: "-", status: refusal.status.code)
    return Problem(refusal).response
  }

  private nonisolated(nonsending) func logged(_ request: Request, _ next: some Handler) async -> Response {
    let isLogged = logger.logLevel <= .info
    let start = isLogged ? ContinuousClock.now : nil
    metrics.begin()
    let response = await next.respond(to: request)
    metrics.end()
    guard let start else { return response }
    let bytes: String
    switch response.body {
    case .empty: bytes = "0"
    case .bytes(let body): bytes = "\(body.count)"
    case .stream(let length, _): bytes = length.map { "\($0)" } ?? "-"
    }
    // To the hundredth.
    let milliseconds = (((ContinuousClock.now - start) / .microseconds(10)).rounded()) / 100
    let path = request.target.prefix { $0 != "?" }
    logger.info("\(request.method) \(path.prefix(256)) \(response.status.code) \(milliseconds) ms \(bytes) bytes")
    return response
  }

  /// Turns what an endpoint throws into the answer that helps.
  nonisolated(nonsending) func answering(
    _ request: Request, _ body: nonisolated(nonsending) (Request) async throws -> Response
  ) async -> Response {
    do {
      return try await body(request)
    } catch {
      if let problem = Problem(error) { return problem.response }
      logger.error("\(request.method) \(request.target.prefix(256)): \(error)")
      return Problem.unexpected.response
    }
  }
}

extension Logger {
  package static var silent: Logger { Logger(label: "posterior") { _ in SwiftLogNoOpLogHandler() } }
}
