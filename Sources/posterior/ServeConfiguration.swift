import Families
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
  /// The store's folder; nil is `$POSTERIOR_STORE`, or the one in the home folder.
  var store: String?

  // MARK: Limits

  /// What one connection may take. `bodyBytes` is `bodies.bodyBytes`.
  var limits = Limits()
  /// What one request may bring, and how many may wait.
  var bodies = ServiceLimits()
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
  /// What is remembered of requests to models.
  var recording = InferenceRecorder.Options()
  var requireKeys = false
  var allowAnonymous = false
  /// Between the signal to stop and the first refused connection.
  var drainDelay = Duration.zero
  /// What requests under way have to finish after a signal to stop.
  var shutdownTimeout = Duration.seconds(30)
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

  /// - Parameter isLoopback: whether every address is this machine's own.
  func options(isLoopback: Bool) -> Application.Options {
    var options = Application.Options(lanes: laneCount, families: Catalogue.families)
    options.limits = bodies
    options.batching = batching
    options.requiresKeys = requireKeys || (!allowAnonymous && !isLoopback)
    options.recording = recording
    return options
  }

  var ioThreadCount: Int { ioThreads ?? min(4, ProcessInfo.processInfo.activeProcessorCount) }
  var laneCount: Int { lanes ?? ProcessInfo.processInfo.activeProcessorCount }

  /// `handler` with what belongs to the connection rather than to the service: codings and digests of bodies, limits on a client's rate.
  func decorated(_ handler: some Handler, refuse: @escaping RefusalResponse) -> any Handler {
    var handler: any Handler = handler.expandingBodies(refuse: refuse).checkingDigests(refuse: refuse)
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
    handler = handler.compressed()
    return hsts > 0 ? handler.strictTransport(seconds: hsts) : handler
  }
}

extension Request {
  /// What load balancers ask; it is answered however busy the client's address is.
  fileprivate var isHealthCheck: Bool { segments == ["healthz"] || segments == ["readyz"] }
}
