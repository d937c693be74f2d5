import Formats
import HTTP
import Registry
import Service

extension ServeConfiguration {
  /// One thing that can be set: a key of the file, a flag of the command line.
  struct Field {
    let key: String
    fileprivate let read: (inout ServeConfiguration, KeyedDecodingContainer<Key>, Key) throws -> Void
    fileprivate let value: (ServeConfiguration) -> JSONValue
    /// What is wrong with the value, to follow the name: " is 0, expected 1 to 1024"; nil for nothing.
    let fault: (ServeConfiguration) -> String?

    /// `max_connections` is set by `--max-connections`.
    var flag: String { "--" + key.replacing("_", with: "-") }
  }

  fileprivate struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Every key, in the order in which it is printed.
  static var fields: [Field] {
    [
      texts("listen", \.listen) { try ListenAddress($0) },
      texts("listen_tls", \.listenTLS) { try ListenAddress($0) },
      optionalText("tls_cert", \.tlsCertificate),
      optionalText("tls_key", \.tlsKey),
      optionalText("tls_client_ca", \.tlsClientAuthority),
      count("hsts", \.hsts, 0...),
      optionalText("store", \.store),

      count("max_connections", \.limits.connections, 1...),
      count("max_connections_per_client", \.limits.connectionsPerClient, 1...),
      count("max_requests_per_connection", \.limits.requestsPerConnection, 1...),
      count("max_target_bytes", \.limits.targetBytes, 64...),
      count("max_header_bytes", \.limits.headerBytes, 256...),
      count("max_header_count", \.limits.headerCount, 1...),
      count("max_trailer_bytes", \.limits.trailerBytes, 2...),
      count("max_chunk_extension_bytes", \.limits.chunkExtensionBytes, 0...),
      count("max_discard_bytes", \.limits.discardBytes, 0...),
      count("max_body_bytes", \.bodies.bodyBytes, 1...),
      bytes("max_streamed_body_bytes", \.bodies.streamedBodyBytes),
      bytes("max_spooled_bytes", \.bodies.spooledBytes),
      count("max_upload_bytes", \.bodies.modelBytes, 1...),
      count("max_waiting_requests", \.bodies.waitingRequests, 1...),
      bytes("max_held_bytes", \.bodies.heldBytes),
      time("handshake_timeout", \.limits.handshakeTime),
      time("connect_timeout", \.limits.firstByteTime),
      time("header_timeout", \.limits.headerTime),
      time("body_timeout", \.limits.bodyInactivity),
      time("write_timeout", \.limits.writeStall),
      time("idle_timeout", \.limits.idle),
      time("linger_timeout", \.limits.linger),
      count("min_rate", \.limits.minimumRate, 0...),
      time("rate_window", \.limits.rateWindow),
      rate("rate_limit", \.rateLimit, from: 1e-6),
      rate("rate_limit_per_key", \.rateLimitPerKey, from: 1e-6),
      rate("rate_burst", \.rateBurst, from: 1),

      count("io_threads", \.ioThreads, 1...1024),
      count("lanes", \.lanes, 1...1024),
      count("max_batch", \.batching.maxRows, 1...),
      time("max_delay", \.batching.maxDelay, from: 0),
      bytes("model_memory", \.bodies.loadedBytes),
      choice("record", \.recording.policy),
      count("record_limit", \.recording.retention, 1...),
      bytes("record_inputs", \.recording.keptInputBytes, from: 0),
      flag("read_only", \.readOnly),
      flag("require_keys", \.requireKeys),
      flag("allow_anonymous", \.allowAnonymous),
      time("drain_delay", \.drainDelay, from: 0),
      time("shutdown_timeout", \.shutdownTimeout, from: 0),
      flag("quiet", \.quiet),
    ]
  }

  // MARK: Kinds of fields

  /// - Parameter given: the JSON type that stands for the value.
  private static func field<Value, Given: Decodable>(
    _ key: String, _ path: WritableKeyPath<Self, Value>, from _: Given.Type, _ convert: @escaping (Given) -> Value,
    json: @escaping (Value) -> JSONValue, fault: @escaping (Value) -> String? = { _ in nil }
  ) -> Field {
    Field(
      key: key,
      read: { configuration, container, key in
        guard let given = try container.decodeIfPresent(Given.self, forKey: key) else { return }
        configuration[keyPath: path] = convert(given)
      },
      value: { json($0[keyPath: path]) }, fault: { fault($0[keyPath: path]) })
  }

  /// Far beyond any use, and far below where sums of limits overflow.
  private static let mostCounted = 1 << 48

  private static func count(_ key: String, _ path: WritableKeyPath<Self, Int>, _ range: PartialRangeFrom<Int>) -> Field {
    let range = range.lowerBound...mostCounted
    return field(key, path, from: Int.self, { $0 }, json: { .integer($0) }) { value in
      range.contains(value) ? nil : " is \(value), expected \(range.lowerBound) to \(range.upperBound)"
    }
  }

  private static func count(_ key: String, _ path: WritableKeyPath<Self, Int?>, _ range: ClosedRange<Int>) -> Field {
    field(key, path, from: Int.self, { $0 }, json: { $0.map(JSONValue.integer) ?? .null }) { value in
      value.map(range.contains) ?? true ? nil : " is \(value ?? 0), expected \(range.lowerBound) to \(range.upperBound)"
    }
  }

  /// Bytes as a number, or as people write them.
  private static func bytes(_ key: String, _ path: WritableKeyPath<Self, Int>, from least: Int = 1) -> Field {
    field(key, path, from: ByteCount.self, { $0.value }, json: { .integer($0) }) { value in
      (least...mostCounted).contains(value) ? nil : " is \(value), expected \(least) to \(mostCounted) bytes"
    }
  }

  private static func choice<Value: RawRepresentable<String> & CaseIterable & Codable>(_ key: String, _ path: WritableKeyPath<Self, Value>) -> Field {
    field(key, path, from: Value.self, { $0 }, json: { .string($0.rawValue) })
  }

  /// Seconds.
  private static func time(_ key: String, _ path: WritableKeyPath<Self, Duration>, from shortest: Double = 0.001) -> Field {
    field(key, path, from: Double.self, { .clamped(seconds: $0) }, json: { .shortest($0 / .seconds(1)) }) { value in
      (shortest...1e6).contains(value / .seconds(1))
        ? nil : " is \(value / .seconds(1)), expected \(JSONValue.shortest(shortest).summaryText) to 1000000 seconds"
    }
  }

  private static func rate(_ key: String, _ path: WritableKeyPath<Self, Double?>, from least: Double) -> Field {
    field(key, path, from: Double.self, { $0 }, json: { $0.map(JSONValue.shortest) ?? .null }) { value in
      value.map((least...1e9).contains) ?? true ? nil : " is \(value ?? 0), expected \(JSONValue.shortest(least).summaryText) to 1000000000"
    }
  }

  private static func flag(_ key: String, _ path: WritableKeyPath<Self, Bool>) -> Field {
    field(key, path, from: Bool.self, { $0 }, json: { .bool($0) })
  }

  private static func optionalText(_ key: String, _ path: WritableKeyPath<Self, String?>) -> Field {
    field(key, path, from: String.self, { $0 }, json: { $0.map(JSONValue.string) ?? .null })
  }

  private static func texts(_ key: String, _ path: WritableKeyPath<Self, [String]>, check: @escaping (String) throws -> Any) -> Field {
    field(key, path, from: [String].self, { $0 }, json: { .array($0.map(JSONValue.string)) }) { values in
      for value in values { do { _ = try check(value) } catch { return ": \(error)" } }
      return nil
    }
  }
}

// MARK: - As a file

extension ServeConfiguration: Decodable {
  package static var keys: [String] { fields.map(\.key) }

  /// The defaults, with what the file says.
  package init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: Key.self)
    for field in Self.fields { try field.read(&self, container, Key(stringValue: field.key)) }
  }

  /// A file that gives this configuration: JSON, a key a line; null where nothing is set.
  package var text: String {
    let lines = Self.fields.map { "  \"\($0.key)\": \($0.value(self).summaryText)" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }
}

extension JSONValue {
  fileprivate var summaryText: String { String(decoding: text, as: UTF8.self) }

  /// A number without a point where it needs none.
  fileprivate static func shortest(_ number: Double) -> JSONValue {
    Int(exactly: number).map(JSONValue.integer) ?? .number(number)
  }
}

extension Duration {
  /// `seconds`, or the nearest that a check of ranges can refuse: a duration holds no infinity.
  static func clamped(seconds: Double) -> Duration {
    seconds.isNaN ? .seconds(-1) : .seconds(min(max(seconds, -1e9), 1e9))
  }
}
