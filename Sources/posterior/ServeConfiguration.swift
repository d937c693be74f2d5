import Families
import Formats
import Foundation
import HTTP
import Modelling
import Registry
import Service

/// Everything that `posterior serve` can be told; each setting is a key of the configuration file and a flag.
///
/// What the command line says wins over the file, the file over these defaults.
package struct ServeConfiguration: Settings {
  // MARK: Where

  /// Addresses of plain HTTP: HOST:PORT or unix:/PATH. Without any, and without `listenTLS`, 127.0.0.1:8080.
  var listen: [ListenAddress] = []
  /// Addresses of HTTPS; they need a certificate and its key.
  var listenTLS: [ListenAddress] = []
  /// PEM files: the certificate with its intermediates, its key, and authorities of which clients have to show a certificate.
  var tlsCertificate: String?
  var tlsKey: String?
  var tlsClientAuthority: String?
  /// Seconds for which browsers that came by HTTPS come by HTTPS alone (RFC 6797); 0 says nothing.
  var hsts = 0
  /// Permissions of socket files; nil leaves them to the umask.
  var unixMode: FileMode?
  /// Proxies whose word about their clients counts.
  var trustedProxies: [ProxyPattern] = []
  /// The path below which the server stands.
  var pathPrefix: PathPrefix?
  /// Names beside the loopback ones that requests may give as Host; any where there are none and the server is not for this machine alone.
  var allowedHosts: [HostPattern] = []
  /// Origins of web pages that may use the server.
  var allowedOrigins: [OriginPattern] = []
  /// The store's folder; nil is `$POSTERIOR_STORE`, or the one in the home folder.
  var store: String?

  // MARK: Limits

  /// What one connection may take. `bodyBytes` is `bodies.bodyBytes`.
  var limits = Limits()
  /// What one request may bring, and how many may wait.
  var bodies = ServiceLimits()
  /// How much larger than it came a body in gzip or deflate may become.
  var expansion = ExpansionLimit()
  /// Requests a second from one client's address, and under one key; nil is any.
  var rateLimit: Double?
  var rateLimitPerKey: Double?
  /// Requests at once that the rate limits let through; nil is one second's.
  var rateBurst: Double?

  // MARK: Work

  /// Threads that read and write; nil is one a core, four at most.
  var ioThreads: Int?
  /// Batches computed at once; nil is one a core.
  var lanes: Int?
  /// How rows of waiting requests are gathered.
  var batching = BatchPolicy()
  /// Serve without writing: a store, a copy of one, or a folder of model files.
  var readOnly = false
  /// What trainings and other work in the background may take of the machine.
  var jobs = JobOptions()
  /// What is remembered of requests to models.
  var recording = InferenceRecorder.Options()
  var requireKeys = false
  var allowAnonymous = false
  /// Between the signal to stop and the first refused connection.
  var drainDelay = Duration.zero
  /// What requests under way have to finish after a signal to stop.
  var shutdownTimeout = Duration.seconds(30)
  /// Sentences, or objects for programs.
  var logFormat = LogFormat.text
  /// Log warnings and errors only, not every request.
  var quiet = false

  package init() {}
}

extension ServeConfiguration {
  var plainAddresses: [ListenAddress] { listen.isEmpty && listenTLS.isEmpty ? [ListenAddress(host: "127.0.0.1", port: 8080)] : listen }

  /// Certificate and key, read; nil without HTTPS.
  func identity() throws -> TLSIdentity? {
    guard let tlsCertificate, let tlsKey else { return nil }
    return try TLSIdentity(.init(certificate: tlsCertificate, key: tlsKey, clientAuthority: tlsClientAuthority))
  }

  /// Whether every address is this machine's own.
  var isLoopback: Bool { (plainAddresses + listenTLS).allSatisfy(\.isLoopback) }

  /// Whether inference needs a key.
  var needsKeys: Bool { requireKeys || (!allowAnonymous && !isLoopback) }

  var options: Application.Options {
    var options = Application.Options(lanes: laneCount, families: Catalogue.families)
    options.limits = bodies
    options.batching = batching
    options.requiresKeys = needsKeys
    options.recording = recording
    options.jobs = jobs
    // The same program; a store that is only read begins no run.
    options.jobs.command = readOnly ? [] : ["/proc/self/exe".resolvingLinks, "work"]
    options.chooseRecipe = { facts, family, source in
      do { return try RecipeChoice(for: facts, family: family, source: source).recipe } catch let error as CommandError {
        throw Problem(.impossible, error.description, field: "family", given: family)
      }
    }
    options.logsFields = logFormat == .json
    return options
  }

  var ioThreadCount: Int { ioThreads ?? min(4, ProcessInfo.processInfo.activeProcessorCount) }
  var laneCount: Int { lanes ?? ProcessInfo.processInfo.activeProcessorCount }

  /// `handler` with what belongs to the connection rather than to the service: codings and digests of bodies, limits on a client's rate, names of
  /// the server and origins of web pages.
  func decorated(_ handler: some Handler, refuse: @escaping RefusalResponse) -> any Handler {
    var handler: any Handler = handler.expandingBodies(within: expansion, refuse: refuse).checkingDigests(refuse: refuse)
    if let rateLimitPerKey {
      // A key's hash is enough to count by; the secret is not kept.
      handler = handler.limited(to: RateLimit(perSecond: rateLimitPerKey, burst: rateBurst), refuse: refuse) { request in
        request.isHealthCheck ? nil : request.headers["Authorization"]?.hashValue
      }
    }
    if let rateLimit {
      handler = handler.limited(to: RateLimit(perSecond: rateLimit, burst: rateBurst), refuse: refuse) { request in
        request.isHealthCheck ? nil : ClientNetwork(request.remoteAddress)
      }
    }
    handler = handler.compressed().shared(with: allowedOrigins, refusesOthers: !needsKeys, refuse: refuse)
    if hsts > 0 { handler = handler.strictTransport(seconds: hsts) }
    handler = handler.below(pathPrefix?.description ?? "")
    if !trustedProxies.isEmpty { handler = handler.trusting(trustedProxies) }
    if !allowedHosts.isEmpty || (isLoopback && !needsKeys) { handler = handler.answering(to: allowedHosts, refuse: refuse) }
    return handler
  }
}

extension Request {
  /// What load balancers ask; it is answered however busy the client's address is.
  fileprivate var isHealthCheck: Bool { segments == ["healthz"] || segments == ["readyz"] }
}
