import Families
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

  @OptionGroup(title: "Settings, also from a file") var arguments: SettingArguments<ServeConfiguration>
  @Option(help: "JSON file with any of these settings, dashes as underscores (see --print-config); flags win over it.", completion: .file())
  var config: String?
  @Flag(help: "Print the settings that hold, as a file for --config, and stop.")
  var printConfig = false

  func validate() throws { _ = try settings() }

  func run() async throws { try await reporting(serve) }

  private func serve() async throws {
    let configuration = try settings()
    if printConfig { return print(configuration.text, terminator: "") }
    let (plain, secure) = (configuration.plainAddresses, configuration.listenTLS)
    let identity = try configuration.identity()
    // The registry's lines as well.
    LoggingSystem.bootstrap { configuration.logFormat.handler($0) }
    var logger = Logger(label: "posterior")
    logger.logLevel = configuration.quiet ? .warning : .info
    // One thread an operation: the lanes share the cores out.
    Parallelism.width = 1
    TensorMemory.boundFreedBlocks()

    var folder = StoreArguments()
    folder.given = configuration.store
    let modelStore = try openStore(in: folder, configuration, logger)
    let application = Application(
      store: modelStore, adminKey: try adminKey(in: folder.directory, configuration),
      options: configuration.options, logger: logger)

    var limits = configuration.limits
    limits.bodyBytes = configuration.bodies.bodyBytes
    limits.connections = min(limits.connections, max(1, Server.raiseDescriptorLimit() - 128))
    let server = Server(
      handler: configuration.decorated(application.handler, refuse: application.refuse), listen: plain, secure: secure, identity: identity,
      limits: limits, unixMode: configuration.unixMode?.bits, isProxy: { address in configuration.trustedProxies.contains { $0.matches(address) } },
      loops: configuration.ioThreadCount, refuse: application.refuse,
      onDraining: { application.readiness.state = .draining }, onCrowdGone: { application.returnMemorySoon() })
    application.connectionCount.come { [weak server] in server?.connectionCount ?? 0 }
    ServerSignals.obey(
      stop: { await server.shutdown(drain: configuration.drainDelay, timeout: configuration.shutdownTimeout) },
      reload: { [logger] in Self.reload(identity, logger) })
    let bound = try server.start()
    let failed = try await application.warmUp()
    application.readiness.failedModels = failed.map(\.id)
    application.readiness.beginServing()
    try await application.resumeRuns()
    let watch = Task { await application.watchAbandonedRuns() }
    defer { watch.cancel() }
    let places = bound.enumerated().map { index, address in
      address.path != nil ? address.description : "\(index < plain.count ? "http" : "https")://\(address)"
    }.joined(separator: " and ")
    let line = "posterior is ready on \(places), store \(modelStore.directory)\(application.options.requiresKeys ? ", keys needed" : "")\n"
    // Past stdio's buffer: whoever started the server waits for this line.
    FileHandle.standardOutput.write(Data(line.utf8))
    if let origin = Self.origin(of: bound, plain: plain.count), !modelStore.isReadOnly {
      // Not on standard output, which scripts read.
      let link = application.signInLink(at: origin + (configuration.pathPrefix?.description ?? ""))
      switch configuration.logFormat {
      case .text: CommandError.note("sign a browser in, once and within an hour: \(link)")
      case .json: logger.notice("sign a browser in, once and within an hour", metadata: ["link": "\(link)"])
      }
    }
    await server.run()
    await application.stopJobs()
    application.recorder.flush()
  }

  /// Where a browser on this machine finds the page; nil where nothing but sockets in the file system is listened on.
  private static func origin(of bound: [ListenAddress], plain: Int) -> String? {
    guard let index = bound.firstIndex(where: { $0.path == nil }) else { return nil }
    let address = bound[index]
    let everywhere = ["0.0.0.0": "127.0.0.1", "::": "::1"]
    return "\(index < plain ? "http" : "https")://\(ListenAddress(host: everywhere[address.host] ?? address.host, port: address.port))"
  }

  private func openStore(in folder: StoreArguments, _ configuration: ServeConfiguration, _ logger: Logger) throws -> ModelStore {
    guard configuration.readOnly else { return try folder.open() }
    let directory = folder.directory
    if FileManager.default.fileExists(atPath: directory + "/posterior.sqlite") { return try ModelStore.reading(directory: directory) }
    return try ModelStore.reading(
      modelFilesIn: directory,
      describe: { try ModelFacts(ofModelFile: $0, model: LoadedModel.load(path: $0, families: Catalogue.families).family) },
      skipped: { path, error in
        logger.error("this file is left out", metadata: ["file": "\(path)", "reason": "\(Problem(error)?.detail ?? "\(error)")"])
      })
  }

  private func adminKey(in directory: String, _ configuration: ServeConfiguration) throws -> AdminKey {
    if let secret = ProcessInfo.processInfo.environment["POSTERIOR_ADMIN_KEY"], !secret.isEmpty { return try AdminKey(secret: secret) }
    if configuration.readOnly, !FileManager.default.fileExists(atPath: directory + "/admin.key") { return try .nobodys() }
    return try AdminKey.loadOrCreate(in: directory)
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
