import Formats
package import HTTP
package import Modelling
import Registry
import Service

extension ServeConfiguration {
  /// Far beyond any use, and far below where sums of limits overflow.
  private static let most = 1 << 48
  private static let bytes = ByteCount(1)...ByteCount(most)

  package static let table = Table<Self> {
    Setting(
      "listen", \.listen,
      "HOST:PORT or unix:/PATH to listen on for HTTP; may be repeated; port 0 is any free one. Absent: 127.0.0.1:8080, without --listen-tls.")
    Setting("listen_tls", \.listenTLS, "HOST:PORT or unix:/PATH to listen on for HTTPS; may be repeated; needs --tls-cert and --tls-key.")
    Setting("tls_cert", \.tlsCertificate, "PEM file with the certificate and the intermediates behind it; read again on SIGHUP.")
    Setting("tls_key", \.tlsKey, "PEM file with the certificate's key, without a passphrase.")
    Setting("tls_client_ca", \.tlsClientAuthority, "PEM file with authorities; clients then have to show a certificate of theirs.")
    Setting(
      "hsts", \.hsts, in: 0...most,
      "Seconds for which browsers that came by HTTPS shall come by HTTPS alone (Strict-Transport-Security); 0 says nothing.")
    Setting("unix_mode", \.unixMode, "Permissions of socket files in octal digits, such as 660. Absent: as the umask leaves them.")
    Setting(
      "trusted_proxies", \.trustedProxies,
      "Addresses and networks of proxies, such as 10.0.0.0/8, or unix for those at a socket file; may be repeated. Of requests from them Forwarded or "
        + "X-Forwarded-For says who the client is, and X-Forwarded-Proto and X-Forwarded-Prefix hold.")
    Setting(
      "path_prefix", \.pathPrefix,
      "The path below which the server stands, such as /posterior, whether or not a proxy takes it from requests; links and Location begin with it.")
    Setting(
      "allowed_hosts", \.allowedHosts,
      "Names beside localhost that requests may give as Host: models.example.org, *.example.org, or * for any; may be repeated. Absent: any, but on "
        + "a server for this machine alone that needs no key none. Others are answered 421.")
    Setting(
      "allowed_origins", \.allowedOrigins,
      "Origins of web pages that may use the server, such as https://app.example.org, or * for any; may be repeated. Where no key is needed "
        + "requests of other pages are answered 403.")
    Setting("store", \.store, "The store's folder. Absent: $POSTERIOR_STORE or ~/.local/share/posterior.")

    Setting("max_connections", \.limits.connections, in: 1...most, "Connections at one time; more are answered 503.")
    Setting(
      "max_connections_per_client", \.limits.connectionsPerClient, in: 1...most,
      "Connections of one IPv4 address or IPv6 /64 at one time; more are answered 429.")
    Setting(
      "max_requests_per_connection", \.limits.requestsPerConnection, in: 1...most, "Requests on one connection; then it closes in good order.")
    Setting("max_target_bytes", \.limits.targetBytes, in: 64...most, "Bytes of a request's target; more are answered 414.")
    Setting("max_header_bytes", \.limits.headerBytes, in: 256...most, "Bytes of a request line and its header fields; more are answered 431.")
    Setting("max_header_count", \.limits.headerCount, in: 1...most, "Header fields of a request; more are answered 431.")
    Setting("max_trailer_bytes", \.limits.trailerBytes, in: 2...most, "Bytes of the fields behind a chunked body; more are answered 431.")
    Setting(
      "max_chunk_extension_bytes", \.limits.chunkExtensionBytes, in: 0...most, "Bytes of all chunk extensions of one body; more are answered 400.")
    Setting("max_discard_bytes", \.limits.discardBytes, in: 0...most, "Bytes of a refused body that are read past to keep its connection.")
    Setting("max_body_bytes", \.bodies.bodyBytes.asBytes, in: bytes, "Bytes of a body that is read as a whole; more are answered 413.")
    Setting(
      "max_streamed_body_bytes", \.bodies.streamedBodyBytes.asBytes, in: bytes, "Bytes of items that are read block by block; more are answered 413.")
    Setting("max_spooled_bytes", \.bodies.spooledBytes.asBytes, in: bytes, "Bytes of such items on disk at once; more are answered 503.")
    Setting(
      "max_spooled_bytes_per_client", \.bodies.spooledBytesPerClient.asBytes, in: bytes,
      "Bytes of such items of one IPv4 address or IPv6 /64; more are answered 429.")
    Setting(
      "max_expansion", \.expansion.ratio, in: 1...most,
      "How many times its bytes a body in gzip or deflate may expand to, once it is beyond 16 MiB; more is answered 413.")
    Setting("max_upload_bytes", \.bodies.modelBytes.asBytes, in: bytes, "Bytes of an uploaded model file; more are answered 413.")
    Setting("max_waiting_requests", \.bodies.waitingRequests, in: 1...most, "Requests that wait for a lane; more are answered 503 at once.")
    Setting(
      "max_held_bytes", \.bodies.heldBytes.asBytes, in: bytes,
      "Bytes that requests hold together, read or about to be written; more are answered 503.")
    seconds("handshake_timeout", \.limits.handshakeTime.asSeconds, "Seconds for the TLS handshake.")
    seconds("connect_timeout", \.limits.firstByteTime.asSeconds, "Seconds from a connection's beginning to its first byte.")
    seconds(
      "header_timeout", \.limits.headerTime.asSeconds, "Seconds from a request's first byte to the end of its header fields; then 408.")
    seconds("body_timeout", \.limits.bodyInactivity.asSeconds, "Seconds without a byte of a body that is waited for; then 408.")
    seconds("write_timeout", \.limits.writeStall.asSeconds, "Seconds without progress on an answer; then the connection is dropped.")
    seconds("idle_timeout", \.limits.idle.asSeconds, "Seconds that a connection may rest between requests.")
    seconds(
      "linger_timeout", \.limits.linger.asSeconds, "Seconds that a connection lives after its last answer, for a client that still sends.")
    Setting(
      "min_rate", \.limits.minimumRate, in: 0...most, "Bytes a second that a client has to send of a body or take of an answer; 0 is any.")
    seconds("rate_window", \.limits.rateWindow.asSeconds, "Seconds of waiting for a client over which --min-rate is measured.")
    Setting(
      "rate_limit", \.rateLimit, in: 1e-6...1e9,
      "Requests a second from one client's address; more are answered 429. Health checks are not counted. Absent: any.")
    Setting("rate_limit_per_key", \.rateLimitPerKey, in: 1e-6...1e9, "Requests a second under one key, on top of --rate-limit. Absent: any.")
    Setting(
      "rate_burst", \.rateBurst, in: 1...1e9,
      "Requests at once that --rate-limit and --rate-limit-per-key let through. Absent: one second's.")

    Setting("io_threads", \.ioThreads, in: 1...1024, "Threads that read and write. Absent: one a core, four at most.")
    Setting("lanes", \.lanes, in: 1...1024, "Batches computed at once. Absent: one a core.")
    Setting("max_batch", \.batching.maxRows, in: 1...most, "Rows of a batch; no answer depends on it.")
    seconds("max_delay", \.batching.maxDelay.asSeconds, from: 0, "Seconds that a free lane waits for more rows to share a batch.")
    Setting(
      "model_memory", \.bodies.loadedBytes.asBytes, in: bytes,
      "Memory for the weights of models, as 2GB or 512MiB; those used longest ago give way.")
    Setting("max_jobs", \.jobs.most, in: 1...64, "Trainings and other work in the background done at once; more wait.")
    Setting("max_waiting_jobs", \.jobs.waiting, in: 0...most, "Such work that waits; more is answered 503.")
    Setting("job_threads", \.jobs.threads, in: 1...1024, "Threads of each, at the lowest priority. Absent: half of the cores.")
    Setting(
      "job_memory", \.jobs.memoryBytes.asBytes, in: ByteCount(1 << 26)...ByteCount(most),
      "Bytes of memory that each may have; one that needs more fails.")
    Setting("record", \.recording.policy, "Requests to models that are recorded as runs. Recording never delays an answer.")
    Setting(
      "record_limit", \.recording.retention, in: 1...most, "Recorded requests kept; beyond that the oldest go. Runs of other kinds stay.")
    Setting(
      "record_inputs", \.recording.keptInputBytes.asBytes, in: ByteCount(0)...ByteCount(most),
      "Keep the bodies of requests up to this size, so that they can be replayed; other bodies are kept where a request says \"record\": true.")
    Setting(
      "read_only", \.readOnly,
      "Serve without writing: a store, a backup of one, or a folder of NAME.safetensors files, given with --store. Uploads and other changes "
        + "answer 403; nothing is recorded. The disk may be read-only.")
    Setting("require_keys", \.requireKeys, "Ask for a key for inference too, on loopback as well.")
    Setting("allow_anonymous", \.allowAnonymous, "Serve inference without a key on addresses other than loopback.")
    seconds(
      "drain_delay", \.drainDelay.asSeconds, from: 0,
      "Seconds between the signal to stop and the first refused connection, for load balancers to notice.")
    seconds(
      "shutdown_timeout", \.shutdownTimeout.asSeconds, from: 0, "Seconds that requests under way have to finish after a signal to stop.")
    Setting(
      "log_format", \.logFormat, "text, or json: an object a line, of requests with client, key, run, model, seed and durations.")
    Setting("quiet", \.quiet, "Log warnings and errors only, not every request.")
  }

  private static func seconds(_ name: String, _ path: SettingPath<Self, Double>, from shortest: Double = 0.001, _ summary: String) -> Setting<Self> {
    let range = shortest...1e6
    return Setting(name, path, in: range, expected: "\(range.words) seconds", summary)
  }

  package func check() throws(Fault) {
    if !listenTLS.isEmpty, tlsCertificate == nil || tlsKey == nil {
      throw Fault(field: "listen_tls", given: "without a certificate", expected: "tls_cert and tls_key beside it")
    }
    let secure = [("tls_cert", tlsCertificate != nil), ("tls_key", tlsKey != nil), ("tls_client_ca", tlsClientAuthority != nil), ("hsts", hsts > 0)]
    if listenTLS.isEmpty, let name = secure.first(where: \.1)?.0 {
      throw Fault(field: name, given: "without an address of HTTPS", expected: "listen_tls beside it")
    }
    guard !(requireKeys && allowAnonymous) else {
      throw Fault(field: "allow_anonymous", given: "true beside require_keys", expected: "one of the two")
    }
  }

  /// A file that gives this configuration: JSON, a key a line; null where nothing is set.
  package var text: String {
    let values = JSONValue(encoding: self)
    let lines = Self.table.fields.map { "  \"\($0.name)\": \((values[$0.name] ?? .null).line)" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }
}

// MARK: - Values as they are written

extension Duration {
  /// In seconds; beyond what a duration holds it is the nearest that a range can refuse.
  fileprivate var asSeconds: Double {
    get { self / .seconds(1) }
    set { self = .seconds(min(max(newValue, -1e9), 1e9)) }
  }
}

extension Int {
  fileprivate var asBytes: ByteCount {
    get { ByteCount(self) }
    set { self = newValue.value }
  }
}

extension InferenceRecorder.Policy: SettingValue {}

extension ListenAddress: WrittenValue {}
extension HostPattern: WrittenValue {}
extension ProxyPattern: WrittenValue {}
extension FileMode: WrittenValue {}
extension PathPrefix: WrittenValue {}
extension OriginPattern: WrittenValue {}

/// A value that is written as one text.
package protocol WrittenValue: SettingValue, CustomStringConvertible {
  init(_ text: String) throws
}

extension WrittenValue {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    do {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\(error)"))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  package static func schema(_: (any Interval<Self>)?) -> Schema { .text(choices: nil) }
}
