import ArgumentParser
import Foundation
import HTTP
import Logging
import Registry
import Service
import Tensors

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the models of a store over HTTP.",
    discussion: """
      SIGTERM or SIGINT stops in good order: /readyz answers 503, after --drain-delay no connection is accepted, requests under way are finished. \
      A second signal stops at once. SIGHUP reads the certificate and its key again; open connections go on.
      """)

  @OptionGroup(title: "Connections") var connections: ServerArguments
  @OptionGroup var store: StoreArguments
  @Option(help: "Requests computed at once. (default: one a core)")
  var lanes: Int?
  @Flag(help: "Ask for a key for inference too, on loopback as well.")
  var requireKeys = false
  @Flag(help: "Serve inference without a key on addresses other than loopback.")
  var allowAnonymous = false
  @Option(help: "Seconds between the signal to stop and the first refused connection, for load balancers to notice.")
  var drainDelay = 0.0
  @Option(help: "Seconds that requests under way have to finish after a signal to stop.")
  var shutdownTimeout = 30.0
  @Option(
    help: ArgumentHelp(
      "Memory for the weights of models, as 2GB or 512MiB; those used longest ago give way.", valueName: "bytes"))
  var modelMemory = ByteCount(ServiceLimits().loadedBytes)
  @Flag(
    help: """
      Serve without writing: a store, a backup of one, or a folder of NAME.safetensors files, given with --store. Uploads and other changes answer 403; \
      nothing is recorded. The disk may be read-only.
      """)
  var readOnly = false
  @OptionGroup(title: "Recording") var recording: RecordingArguments
  @Flag(help: "Log warnings and errors only, not every request.")
  var quiet = false

  func validate() throws {
    if let lanes, lanes < 1 { throw ValidationError("--lanes is \(lanes), expected at least 1") }
    guard !(requireKeys && allowAnonymous) else { throw ValidationError("--require-keys and --allow-anonymous contradict each other") }
    guard drainDelay.isFinite, drainDelay >= 0, shutdownTimeout.isFinite, shutdownTimeout >= 0 else {
      throw ValidationError("--drain-delay and --shutdown-timeout are seconds from 0")
    }
  }

  func run() async throws { try await reporting(serve) }

  private func serve() async throws {
    let (plain, secure, identity) = try (connections.plain(), connections.secure(), connections.identity())
    var logger = Logger(label: "posterior") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = quiet ? .warning : .info
    // One thread an operation: the lanes share the cores out.
    Parallelism.width = 1

    let modelStore = try openStore(logger)
    var options = Application.Options(lanes: lanes ?? ProcessInfo.processInfo.activeProcessorCount)
    options.limits.loadedBytes = modelMemory.value
    options.requiresKeys = requireKeys || (!allowAnonymous && !(plain + secure).allSatisfy(\.isLoopback))
    options.recording = recording.options
    let application = Application(store: modelStore, adminKey: try adminKey(), options: options, logger: logger)

    var limits = connections.limits
    limits.bodyBytes = options.limits.bodyBytes
    limits.connections = min(limits.connections, max(1, Server.raiseDescriptorLimit() - 128))
    let server = Server(
      handler: connections.decorated(application.handler, refuse: application.refuse), listen: plain, secure: secure, identity: identity,
      limits: limits,
      refuse: application.refuse, onDraining: { application.readiness.state = .draining })
    let (drain, timeout) = (Duration.seconds(drainDelay), Duration.seconds(shutdownTimeout))
    let signals = ServerSignals(
      stop: { await server.shutdown(drain: drain, timeout: timeout) }, reload: { [logger] in Self.reload(identity, logger) })
    let bound = try server.start()
    let failed = try await application.warmUp()
    application.readiness.failedModels = failed.map(\.id)
    application.readiness.beginServing()
    let places = bound.enumerated().map { index, address in
      address.path != nil ? address.description : "\(index < plain.count ? "http" : "https")://\(address)"
    }.joined(separator: " and ")
    let line = "posterior is ready on \(places), store \(modelStore.directory)\(options.requiresKeys ? ", keys needed" : "")\n"
    // Past stdio's buffer: whoever started the server waits for this line.
    FileHandle.standardOutput.write(Data(line.utf8))
    await server.run()
    application.recorder.flush()
    withExtendedLifetime(signals) {}
  }

  private func openStore(_ logger: Logger) throws -> ModelStore {
    guard readOnly else { return try store.open() }
    if FileManager.default.fileExists(atPath: store.directory + "/posterior.sqlite") { return try ModelStore.reading(directory: store.directory) }
    return try ModelStore.reading(
      modelFilesIn: store.directory,
      describe: { try ModelFacts(ofModelFile: $0, model: LoadedModel.load(path: $0).family) },
      skipped: { path, error in
        logger.error("this file is left out", metadata: ["file": "\(path)", "reason": "\(Problem(error)?.detail ?? "\(error)")"])
      })
  }

  private func adminKey() throws -> AdminKey {
    if let secret = ProcessInfo.processInfo.environment["POSTERIOR_ADMIN_KEY"], !secret.isEmpty { return try AdminKey(secret: secret) }
    if readOnly, !FileManager.default.fileExists(atPath: store.directory + "/admin.key") { return try .nobodys() }
    return try AdminKey.loadOrCreate(in: store.directory)
  }

  private static func reload(_ identity: TLSIdentity?, _ logger: Logger) {
    guard let identity else { return }
    do {
      try identity.reload()
      logger.info("certificate read again", metadata: ["file": "\(identity.files.certificate)"])
    } catch {
      logger.error("the old certificate stays in use", metadata: ["reason": "\(error)"])
    }
  }
}
