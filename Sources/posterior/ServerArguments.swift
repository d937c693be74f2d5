import ArgumentParser
import Formats
import Foundation
import HTTP
import Registry
import Service

/// What the command line says of `ServeConfiguration`; nil is not said.
struct ServerArguments: ParsableArguments {
  private static let defaults = ServeConfiguration()

  @Option(
    help: "HOST:PORT or unix:/PATH to listen on for HTTP; may be repeated; port 0 is any free one. (default: 127.0.0.1:8080, without --listen-tls)")
  var listen: [String] = []
  @Option(name: .customLong("listen-tls"), help: "HOST:PORT or unix:/PATH to listen on for HTTPS; may be repeated; needs --tls-cert and --tls-key.")
  var listenTLS: [String] = []
  @Option(
    name: .customLong("tls-cert"), help: "PEM file with the certificate and the intermediates behind it; read again on SIGHUP.", completion: .file())
  var tlsCertificate: String?
  @Option(name: .customLong("tls-key"), help: "PEM file with the certificate's key, without a passphrase.", completion: .file())
  var tlsKey: String?
  @Option(
    name: .customLong("tls-client-ca"), help: "PEM file with authorities; clients then have to show a certificate of theirs.", completion: .file())
  var tlsClientAuthority: String?
  @Option(help: "Seconds for which browsers that came by HTTPS shall come by HTTPS alone (Strict-Transport-Security); 0 says nothing. (default: 0)")
  var hsts: Int?

  @Option(help: "Connections at one time; more are answered 503. (default: \(defaults.limits.connections))")
  var maxConnections: Int?
  @Option(
    help: "Connections of one IPv4 address or IPv6 /64 at one time; more are answered 429. (default: \(defaults.limits.connectionsPerClient))")
  var maxConnectionsPerClient: Int?
  @Option(help: "Requests on one connection; then it closes in good order. (default: \(defaults.limits.requestsPerConnection))")
  var maxRequestsPerConnection: Int?
  @Option(help: "Bytes of a request's target; more are answered 414. (default: \(defaults.limits.targetBytes))")
  var maxTargetBytes: Int?
  @Option(help: "Bytes of a request line and its header fields; more are answered 431. (default: \(defaults.limits.headerBytes))")
  var maxHeaderBytes: Int?
  @Option(help: "Header fields of a request; more are answered 431. (default: \(defaults.limits.headerCount))")
  var maxHeaderCount: Int?
  @Option(help: "Bytes of the fields behind a chunked body; more are answered 431. (default: \(defaults.limits.trailerBytes))")
  var maxTrailerBytes: Int?
  @Option(help: "Bytes of all chunk extensions of one body; more are answered 400. (default: \(defaults.limits.chunkExtensionBytes))")
  var maxChunkExtensionBytes: Int?
  @Option(help: "Bytes of a refused body that are read past to keep its connection. (default: \(defaults.limits.discardBytes))")
  var maxDiscardBytes: Int?
  @Option(help: "Bytes of a body that is read as a whole; more are answered 413. (default: \(defaults.bodies.bodyBytes))")
  var maxBodyBytes: Int?
  @Option(help: "Bytes of items that are read block by block; more are answered 413. (default: \(defaults.bodies.streamedBodyBytes))")
  var maxStreamedBodyBytes: ByteCount?
  @Option(help: "Bytes of such items on disk at once; more are answered 503. (default: \(defaults.bodies.spooledBytes))")
  var maxSpooledBytes: ByteCount?
  @Option(help: "Bytes of an uploaded model file; more are answered 413. (default: \(defaults.bodies.modelBytes))")
  var maxUploadBytes: Int?
  @Option(help: "Requests that wait for a lane; more are answered 503 at once. (default: \(defaults.bodies.waitingRequests))")
  var maxWaitingRequests: Int?
  @Option(
    help: ArgumentHelp(
      "Bytes that requests hold together, read or about to be written; more are answered 503. (default: \(ByteCount(defaults.bodies.heldBytes)))",
      valueName: "bytes"))
  var maxHeldBytes: ByteCount?
  @Option(help: "Seconds for the TLS handshake. (default: \(defaults.limits.handshakeTime / .seconds(1)))")
  var handshakeTimeout: Double?
  @Option(help: "Seconds from a connection's beginning to its first byte. (default: \(defaults.limits.firstByteTime / .seconds(1)))")
  var connectTimeout: Double?
  @Option(
    help: "Seconds from a request's first byte to the end of its header fields; then 408. (default: \(defaults.limits.headerTime / .seconds(1)))")
  var headerTimeout: Double?
  @Option(help: "Seconds without a byte of a body that is waited for; then 408. (default: \(defaults.limits.bodyInactivity / .seconds(1)))")
  var bodyTimeout: Double?
  @Option(help: "Seconds without progress on an answer; then the connection is dropped. (default: \(defaults.limits.writeStall / .seconds(1)))")
  var writeTimeout: Double?
  @Option(help: "Seconds that a connection may rest between requests. (default: \(defaults.limits.idle / .seconds(1)))")
  var idleTimeout: Double?
  @Option(
    help: "Seconds that a connection lives after its last answer, for a client that still sends. (default: \(defaults.limits.linger / .seconds(1)))")
  var lingerTimeout: Double?
  @Option(help: "Bytes a second that a client has to send of a body or take of an answer; 0 is any. (default: \(defaults.limits.minimumRate))")
  var minRate: Int?
  @Option(help: "Seconds of waiting for a client over which --min-rate is measured. (default: \(defaults.limits.rateWindow / .seconds(1)))")
  var rateWindow: Double?
  @Option(help: "Requests a second from one client's address; more are answered 429. Health checks are not counted. (default: any)")
  var rateLimit: Double?
  @Option(help: "Requests a second under one key, on top of --rate-limit. (default: any)")
  var rateLimitPerKey: Double?
  @Option(help: "Requests at once that --rate-limit and --rate-limit-per-key let through. (default: one second's)")
  var rateBurst: Double?

  @Option(help: "Threads that read and write. (default: one a core, four at most)")
  var ioThreads: Int?
  @Option(help: "Batches computed at once. (default: one a core)")
  var lanes: Int?
  @Option(help: "Rows of a batch; no answer depends on it. (default: \(defaults.batching.maxRows))")
  var maxBatch: Int?
  @Option(help: "Seconds that a free lane waits for more rows to share a batch. (default: 0)")
  var maxDelay: Double?
  @Option(
    help: ArgumentHelp(
      "Memory for the weights of models, as 2GB or 512MiB; those used longest ago give way. (default: \(ByteCount(defaults.bodies.loadedBytes)))",
      valueName: "bytes"))
  var modelMemory: ByteCount?
  @Option(help: "Requests to models that are recorded as runs: none, errors or all. Recording never delays an answer. (default: all)")
  var record: InferenceRecorder.Policy?
  @Option(
    help: ArgumentHelp(
      "Recorded requests kept; beyond that the oldest go. Runs of other kinds stay. (default: \(defaults.recording.retention))", valueName: "n"))
  var recordLimit: Int?
  @Option(
    help: ArgumentHelp(
      "Keep the bodies of requests up to this size, so that they can be replayed. (default: none, unless a request says \"record\": true)",
      valueName: "bytes"))
  var recordInputs: ByteCount?
  @Flag(
    inversion: .prefixedNo,
    help: """
      Serve without writing: a store, a backup of one, or a folder of NAME.safetensors files, given with --store. Uploads and other changes answer 403; \
      nothing is recorded. The disk may be read-only. (default: --no-read-only)
      """)
  var readOnly: Bool?
  @Flag(inversion: .prefixedNo, help: "Ask for a key for inference too, on loopback as well. (default: --no-require-keys)")
  var requireKeys: Bool?
  @Flag(inversion: .prefixedNo, help: "Serve inference without a key on addresses other than loopback. (default: --no-allow-anonymous)")
  var allowAnonymous: Bool?
  @Option(help: "Seconds between the signal to stop and the first refused connection, for load balancers to notice. (default: 0)")
  var drainDelay: Double?
  @Option(
    help: "Seconds that requests under way have to finish after a signal to stop. (default: \(defaults.shutdownTimeout / .seconds(1)))")
  var shutdownTimeout: Double?
  @Flag(inversion: .prefixedNo, help: "Log warnings and errors only, not every request. (default: --no-quiet)")
  var quiet: Bool?
  @Option(help: "JSON file with any of these settings, dashes as underscores (see --print-config); flags win over it.", completion: .file())
  var config: String?

  /// The defaults, over them the file, over that what the command line says.
  ///
  /// - Parameter store: the folder that `--store` names.
  /// - Throws: a sentence that names the file or the flag at fault.
  func configuration(store: String?) throws -> ServeConfiguration {
    var configuration = ServeConfiguration()
    if let config {
      do { configuration = try ServeConfiguration(file: config) } catch { throw ValidationError("\(config): \(error)") }
    }
    apply(to: &configuration)
    if let store { configuration.store = store }
    for field in ServeConfiguration.fields {
      if let fault = field.fault(configuration) { throw ValidationError("\(field.flag)\(fault)") }
    }
    do { try configuration.checkTogether() } catch { throw ValidationError("\(error)") }
    return configuration
  }

  private func apply(to configuration: inout ServeConfiguration) {
    func set<Value>(_ path: WritableKeyPath<ServeConfiguration, Value>, _ given: Value?) {
      if let given { configuration[keyPath: path] = given }
    }
    func set<Value>(_ path: WritableKeyPath<ServeConfiguration, Value?>, _ given: Value?) {
      if let given { configuration[keyPath: path] = given }
    }
    func set(_ path: WritableKeyPath<ServeConfiguration, Duration>, seconds: Double?) {
      if let seconds { configuration[keyPath: path] = .clamped(seconds: seconds) }
    }
    // Where to listen is one answer: a flag of either kind replaces what the file says of both.
    if !listen.isEmpty || !listenTLS.isEmpty { (configuration.listen, configuration.listenTLS) = (listen, listenTLS) }
    set(\.tlsCertificate, tlsCertificate)
    set(\.tlsKey, tlsKey)
    set(\.tlsClientAuthority, tlsClientAuthority)
    set(\.hsts, hsts)
    set(\.limits.connections, maxConnections)
    set(\.limits.connectionsPerClient, maxConnectionsPerClient)
    set(\.limits.requestsPerConnection, maxRequestsPerConnection)
    set(\.limits.targetBytes, maxTargetBytes)
    set(\.limits.headerBytes, maxHeaderBytes)
    set(\.limits.headerCount, maxHeaderCount)
    set(\.limits.trailerBytes, maxTrailerBytes)
    set(\.limits.chunkExtensionBytes, maxChunkExtensionBytes)
    set(\.limits.discardBytes, maxDiscardBytes)
    set(\.bodies.bodyBytes, maxBodyBytes)
    set(\.bodies.streamedBodyBytes, maxStreamedBodyBytes?.value)
    set(\.bodies.spooledBytes, maxSpooledBytes?.value)
    set(\.bodies.modelBytes, maxUploadBytes)
    set(\.bodies.waitingRequests, maxWaitingRequests)
    set(\.bodies.heldBytes, maxHeldBytes?.value)
    set(\.limits.handshakeTime, seconds: handshakeTimeout)
    set(\.limits.firstByteTime, seconds: connectTimeout)
    set(\.limits.headerTime, seconds: headerTimeout)
    set(\.limits.bodyInactivity, seconds: bodyTimeout)
    set(\.limits.writeStall, seconds: writeTimeout)
    set(\.limits.idle, seconds: idleTimeout)
    set(\.limits.linger, seconds: lingerTimeout)
    set(\.limits.minimumRate, minRate)
    set(\.limits.rateWindow, seconds: rateWindow)
    set(\.rateLimit, rateLimit)
    set(\.rateLimitPerKey, rateLimitPerKey)
    set(\.rateBurst, rateBurst)
    set(\.ioThreads, ioThreads)
    set(\.lanes, lanes)
    set(\.batching.maxRows, maxBatch)
    set(\.batching.maxDelay, seconds: maxDelay)
    set(\.bodies.loadedBytes, modelMemory?.value)
    set(\.recording.policy, record)
    set(\.recording.retention, recordLimit)
    set(\.recording.keptInputBytes, recordInputs?.value)
    set(\.readOnly, readOnly)
    set(\.requireKeys, requireKeys)
    set(\.allowAnonymous, allowAnonymous)
    set(\.drainDelay, seconds: drainDelay)
    set(\.shutdownTimeout, seconds: shutdownTimeout)
    set(\.quiet, quiet)
  }
}

extension ServeConfiguration {
  /// What the arguments of `posterior serve` ask for.
  package init(arguments: [String]) throws {
    let command = try ServeCommand.parse(arguments)
    self = try command.arguments.configuration(store: command.store.given)
  }

  /// Reads a configuration file; what it doesn't say is as it is by default.
  package init(file path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("can't be read") }
    let configuration = try StrictJSON.decode(ServeConfiguration.self, from: Array(data))
    for field in Self.fields {
      if let fault = field.fault(configuration) { throw CommandError("\(field.key)\(fault)") }
    }
    self = configuration
  }

  /// What no field is wrong about by itself.
  func checkTogether() throws {
    if !listenTLS.isEmpty, tlsCertificate == nil || tlsKey == nil { throw CommandError("--listen-tls needs --tls-cert and --tls-key") }
    if listenTLS.isEmpty, tlsCertificate != nil || tlsKey != nil || tlsClientAuthority != nil || hsts > 0 {
      throw CommandError("--tls-cert, --tls-key, --tls-client-ca and --hsts need --listen-tls")
    }
    guard !(requireKeys && allowAnonymous) else { throw CommandError("--require-keys and --allow-anonymous contradict each other") }
  }
}

extension InferenceRecorder.Policy: ExpressibleByArgument {}
