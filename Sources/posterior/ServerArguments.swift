import ArgumentParser
import HTTP

/// Where and under which limits the server listens.
struct ServerArguments: ParsableArguments {
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

  @Option(help: "Connections at one time; more are answered 503.")
  var maxConnections = Limits().connections
  @Option(help: "Connections of one IPv4 address or IPv6 /64 at one time; more are answered 429.")
  var maxConnectionsPerClient = Limits().connectionsPerClient
  @Option(help: "Requests on one connection; then it closes in good order.")
  var maxRequestsPerConnection = Limits().requestsPerConnection
  @Option(help: "Bytes of a request line and its header fields; more are answered 431.")
  var maxHeaderBytes = Limits().headerBytes
  @Option(help: "Seconds for the TLS handshake, and again to a connection's first byte.")
  var connectTimeout = Limits().firstByteTime / .seconds(1)
  @Option(help: "Seconds from a request's first byte to the end of its header fields; then 408.")
  var headerTimeout = Limits().headerTime / .seconds(1)
  @Option(help: "Seconds without a byte of a body that is waited for; then 408.")
  var bodyTimeout = Limits().bodyInactivity / .seconds(1)
  @Option(help: "Seconds without progress on an answer; then the connection is dropped.")
  var writeTimeout = Limits().writeStall / .seconds(1)
  @Option(help: "Seconds that a connection may rest between requests.")
  var idleTimeout = Limits().idle / .seconds(1)
  @Option(help: "Bytes a second that a client has to send of a body or take of an answer, over 30 seconds of waiting for it; 0 is any.")
  var minRate = Limits().minimumRate
  @Option(help: "Requests a second from one client's address; more are answered 429. Health checks are not counted. (default: any)")
  var rateLimit: Double?
  @Option(help: "Requests a second under one key, on top of --rate-limit. (default: any)")
  var rateLimitPerKey: Double?
  @Option(help: "Requests at once that --rate-limit and --rate-limit-per-key let through. (default: one second's)")
  var rateBurst: Double?

  func validate() throws {
    do { _ = try plain() + secure() } catch { throw ValidationError("\(error)") }
    if !listenTLS.isEmpty, tlsCertificate == nil || tlsKey == nil { throw ValidationError("--listen-tls needs --tls-cert and --tls-key") }
    if listenTLS.isEmpty, tlsCertificate != nil || tlsKey != nil || tlsClientAuthority != nil {
      throw ValidationError("--tls-cert, --tls-key and --tls-client-ca need --listen-tls")
    }
    let counts = [
      ("--max-connections", maxConnections), ("--max-connections-per-client", maxConnectionsPerClient),
      ("--max-requests-per-connection", maxRequestsPerConnection), ("--max-header-bytes", maxHeaderBytes),
    ]
    for (name, count) in counts where count < 1 { throw ValidationError("\(name) is \(count), expected at least 1") }
    guard minRate >= 0 else { throw ValidationError("--min-rate is \(minRate), expected at least 0") }
    let times = [
      ("--connect-timeout", connectTimeout), ("--header-timeout", headerTimeout), ("--body-timeout", bodyTimeout), ("--write-timeout", writeTimeout),
      ("--idle-timeout", idleTimeout),
    ]
    for (name, seconds) in times where !(0.001...1e6).contains(seconds) {
      throw ValidationError("\(name) is \(seconds), expected 0.001 to 1000000 seconds")
    }
    for (name, rate) in [("--rate-limit", rateLimit), ("--rate-limit-per-key", rateLimitPerKey)] {
      if let rate, !(1e-6...1e9).contains(rate) { throw ValidationError("\(name) is \(rate), expected more than 0 requests a second") }
    }
    if let rateBurst, !(1...1e9).contains(rateBurst) { throw ValidationError("--rate-burst is \(rateBurst), expected at least 1") }
    _ = try (plain(), secure())
  }

  func plain() throws -> [ListenAddress] {
    try (listen.isEmpty && listenTLS.isEmpty ? ["127.0.0.1:8080"] : listen).map { try ListenAddress($0) }
  }

  func secure() throws -> [ListenAddress] { try listenTLS.map { try ListenAddress($0) } }

  /// Certificate and key, read; nil without HTTPS.
  func identity() throws -> TLSIdentity? {
    guard let tlsCertificate, let tlsKey else { return nil }
    return try TLSIdentity(.init(certificate: tlsCertificate, key: tlsKey, clientAuthority: tlsClientAuthority))
  }

  var limits: Limits {
    var limits = Limits()
    limits.connections = maxConnections
    limits.connectionsPerClient = maxConnectionsPerClient
    limits.requestsPerConnection = maxRequestsPerConnection
    limits.headerBytes = maxHeaderBytes
    limits.handshakeTime = .seconds(connectTimeout)
    limits.firstByteTime = .seconds(connectTimeout)
    limits.headerTime = .seconds(headerTimeout)
    limits.bodyInactivity = .seconds(bodyTimeout)
    limits.writeStall = .seconds(writeTimeout)
    limits.idle = .seconds(idleTimeout)
    limits.minimumRate = minRate
    return limits
  }

  /// `handler` with what belongs to the connection rather than to the service: codings of bodies, and limits on a client's rate.
  func decorated(_ handler: any Handler, refuse: @escaping RefusalResponse) -> any Handler {
    var handler: any Handler = handler.expandingBodies(refuse: refuse)
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
    return handler.compressed()
  }
}

extension Request {
  /// What load balancers ask, and must be answered however busy the client's address is.
  fileprivate var isHealthCheck: Bool { segments == ["healthz"] || segments == ["readyz"] }
}
