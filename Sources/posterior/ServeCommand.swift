import ArgumentParser
import Dispatch
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
      A second signal stops at once.
      """)

  @Option(help: "HOST:PORT to listen on; may be repeated; port 0 is any free one. (default: 127.0.0.1:8080)")
  var listen: [String] = []
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
  @Flag(help: "Log warnings and errors only, not every request.")
  var quiet = false

  func validate() throws {
    if let lanes, lanes < 1 { throw ValidationError("--lanes is \(lanes), expected at least 1") }
    for text in listen {
      do { _ = try ListenAddress(text) } catch { throw ValidationError("--listen: \(error)") }
    }
    guard !(requireKeys && allowAnonymous) else { throw ValidationError("--require-keys and --allow-anonymous contradict each other") }
    guard drainDelay.isFinite, drainDelay >= 0, shutdownTimeout.isFinite, shutdownTimeout >= 0 else {
      throw ValidationError("--drain-delay and --shutdown-timeout are seconds from 0")
    }
  }

  func run() async throws { try await reporting(serve) }

  private func serve() async throws {
    let addresses = try (listen.isEmpty ? ["127.0.0.1:8080"] : listen).map { try ListenAddress($0) }
    var logger = Logger(label: "posterior") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = quiet ? .warning : .info
    // One thread an operation: the lanes share the cores out.
    Parallelism.width = 1

    let modelStore = try store.open()
    var options = Application.Options(lanes: lanes ?? ProcessInfo.processInfo.activeProcessorCount)
    options.requiresKeys = requireKeys || (!allowAnonymous && !addresses.allSatisfy(\.isLoopback))
    let application = Application(store: modelStore, adminKey: try adminKey(), options: options, logger: logger)

    var limits = Limits()
    limits.bodyBytes = options.limits.bodyBytes
    let server = Server(
      handler: application.handler, listen: addresses, limits: limits, refuse: application.refuse,
      onDraining: { application.readiness.state = .draining })
    let stop = stopping(server)
    let bound = try server.start()
    application.readiness.state = .ready
    let places = bound.map { "http://\($0)" }.joined(separator: " and ")
    let line = "posterior is ready on \(places), store \(modelStore.directory)\(options.requiresKeys ? ", keys needed" : "")\n"
    // Past stdio's buffer: whoever started the server waits for this line.
    FileHandle.standardOutput.write(Data(line.utf8))
    await server.run()
    withExtendedLifetime(stop) {}
  }

  private func adminKey() throws -> AdminKey {
    if let secret = ProcessInfo.processInfo.environment["POSTERIOR_ADMIN_KEY"], !secret.isEmpty { return try AdminKey(secret: secret) }
    return try AdminKey.loadOrCreate(in: store.directory)
  }

  /// Sources that stop the server; they listen for as long as they are kept.
  private func stopping(_ server: Server) -> [any DispatchSourceSignal] {
    let (drain, timeout) = (Duration.seconds(drainDelay), Duration.seconds(shutdownTimeout))
    return [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if server.isDraining { _exit(128 + number) }
        Task { await server.shutdown(drain: drain, timeout: timeout) }
      }
      source.resume()
      return source
    }
  }
}
