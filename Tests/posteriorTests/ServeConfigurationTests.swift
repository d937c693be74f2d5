import Foundation
import Modelling
import Testing
import posterior

@Suite("The configuration of posterior serve")
struct ServeConfigurationTests {
  private typealias Sample = (key: String, json: String, arguments: [String])

  /// A value other than the default of every key, as JSON and as the flag's arguments.
  private static let samples: [Sample] = addresses + paths + numbers + seconds + flags

  private static let addresses: [Sample] = [
    ("listen", "[\"127.0.0.1:81\", \"unix:/run/a\"]", ["--listen", "127.0.0.1:81", "--listen", "unix:/run/a"]),
    ("listen_tls", "[\"[::1]:444\"]", ["--listen-tls", "[::1]:444"]),
    ("allowed_hosts", "[\"a.example.org\", \"*.b.org\"]", ["--allowed-hosts", "a.example.org", "--allowed-hosts", "*.b.org"]),
    ("unix_mode", "\"660\"", ["--unix-mode", "660"]), ("log_format", "\"json\"", ["--log-format", "json"]),
    ("trusted_proxies", "[\"10.0.0.0/8\", \"unix\"]", ["--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "unix"]),
    ("path_prefix", "\"/a/b\"", ["--path-prefix", "/a/b"]),
    ("allowed_origins", "[\"https://a.example.org\"]", ["--allowed-origins", "https://a.example.org"]),
    ("record", "\"errors\"", ["--record", "errors"]), ("max_jobs", "3", ["--max-jobs", "3"]),
    ("job_memory", "3000000000", ["--job-memory", "3000000000"]),
  ]

  private static let paths: [Sample] = ["tls_cert", "tls_key", "tls_client_ca", "store"].map { ($0, "\"/\($0)\"", [flag($0), "/\($0)"]) }

  private static let numbers: [Sample] = [
    "hsts", "max_connections", "max_connections_per_client", "max_requests_per_connection", "max_target_bytes", "max_header_bytes",
    "max_header_count", "max_trailer_bytes", "max_chunk_extension_bytes", "max_discard_bytes", "max_body_bytes", "max_upload_bytes",
    "max_streamed_body_bytes", "max_spooled_bytes", "max_spooled_bytes_per_client", "max_expansion",
    "max_waiting_requests", "min_rate", "io_threads", "lanes", "max_batch", "max_held_bytes", "model_memory", "record_limit", "record_inputs",
    "job_threads", "max_waiting_jobs",
  ].map { ($0, "777", [flag($0), "777"]) }

  private static let seconds: [Sample] = [
    "handshake_timeout", "connect_timeout", "header_timeout", "body_timeout", "write_timeout", "idle_timeout", "linger_timeout", "rate_window",
    "rate_limit", "rate_limit_per_key", "rate_burst", "drain_delay", "shutdown_timeout", "max_delay",
  ].map { ($0, "2.5", [flag($0), "2.5"]) }

  private static let flags: [Sample] = ["require_keys", "allow_anonymous", "quiet", "read_only"].map { ($0, "true", [flag($0)]) }

  /// What makes the values of TLS valid; a sample may say some of it again.
  private static let secure = [("listen_tls", "[\"127.0.0.1:443\"]"), ("tls_cert", "\"c\""), ("tls_key", "\"k\"")]

  private static func flag(_ key: String) -> String { "--" + key.replacing("_", with: "-") }

  private func parsed(_ text: String, _ arguments: [String] = []) throws -> ServeConfiguration {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("serve-\(UUID()).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try ServeConfiguration(arguments: ["--config", file.path] + arguments)
  }

  private func base(without key: String) -> String {
    Self.secure.filter { $0.0 != key }.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
  }

  private func lines(_ configuration: ServeConfiguration) -> [Substring] { configuration.text.split(separator: "\n") }

  private func refusal(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no refusal"
  }

  @Test("has a sample of every key")
  func samplesAreComplete() {
    #expect(Self.samples.map(\.key).sorted() == ServeConfiguration.table.fields.map(\.name).sorted())
  }

  @Test("is set alike by a key of the file and by the flag of that name, and each sets one thing", arguments: samples.map(\.key))
  func fileAndFlag(key: String) throws {
    let sample = try #require(Self.samples.first { $0.key == key })
    let without = try parsed("{\(base(without: ""))}")
    let file = try parsed("{\(base(without: key)), \"\(key)\": \(sample.json)}")
    // The flag of either kind of address replaces both kinds.
    let listeners = key == "listen" ? ["--listen-tls", "127.0.0.1:443"] : []
    let flag = try parsed("{\(base(without: ""))}", sample.arguments + listeners)
    #expect(file == flag)
    #expect(zip(lines(file), lines(without)).count { $0 != $1 } == 1)
    #expect(try parsed(file.text) == file, "what is printed is read back")
  }

  @Test("takes the flag where flag and file differ")
  func flagWins() throws {
    let configuration = try parsed(#"{"max_connections": 5, "quiet": true, "listen": ["127.0.0.1:81"]}"#, ["--max-connections", "6", "--no-quiet"])
    #expect(lines(configuration).contains(#"  "max_connections": 6,"#) && lines(configuration).contains(#"  "quiet": false"#))
    let elsewhere = try parsed(#"{"listen": ["127.0.0.1:81"]}"#, ["--listen", "127.0.0.1:82"])
    #expect(lines(elsewhere).contains(#"  "listen": ["127.0.0.1:82"],"#))
  }

  @Test("says nothing where the file says null or nothing")
  func defaults() throws {
    #expect(try parsed("{}") == ServeConfiguration())
    #expect(try parsed(#"{"max_connections": null, "lanes": null}"#) == ServeConfiguration())
    #expect(try parsed(ServeConfiguration().text) == ServeConfiguration())
  }

  @Test(
    "refuses a file that it can't follow to the letter, and names the key",
    arguments: [
      (#"{"max_conections": 5}"#, #"did you mean "max_connections"?"#),
      (#"{"max_connections": 5, "max_connections": 5}"#, "max_connections is there twice"),
      (#"{"max_connections": "5"}"#, "max_connections is \"5\", expected a whole number"),
      (#"{"max_connections": 0}"#, "max_connections is 0, expected 1 to"),
      (#"{"max_upload_bytes": 9223372036854775807}"#, "max_upload_bytes is 9223372036854775807, expected 1 to"),
      (#"{"idle_timeout": 0}"#, "idle_timeout is 0.0, expected 0.001 to 1000000 seconds"),
      (#"{"rate_burst": 0.5}"#, "rate_burst is 0.5, expected 1 to"),
      (#"{"lanes": -1}"#, "lanes is -1, expected 1 to 1024"),
      (#"{"listen": ["here"]}"#, "\"here\" is not an address"),
      (#"{"listen": "127.0.0.1:80"}"#, "expected an array"),
      (#"{"listen_tls": ["127.0.0.1:0"]}"#, "listen_tls is without a certificate, expected tls_cert and tls_key beside it"),
      (#"{"hsts": 1}"#, "hsts is without an address of HTTPS, expected listen_tls beside it"),
      (#"{"require_keys": true, "allow_anonymous": true}"#, "allow_anonymous is true beside require_keys, expected one of the two"),
      ("[]", "expected an object"), ("", "line 1, column 1"),
    ])
  func refusals(text: String, sentence: String) {
    let given = refusal { _ = try parsed(text) }
    #expect(given.contains(sentence))
  }

  @Test(
    "refuses a flag that it can't follow, and names the flag",
    arguments: [
      (["--max-connections", "0"], "--max-connections is 0"), (["--idle-timeout", "nan"], "--idle-timeout is \"nan\", expected a number"),
      (["--listen", "here"], "--listen[0] is \"here\": \"here\" is not an address"), (["--max-held-bytes", "2 apples"], "is no number of bytes"),
      (["--listen-tls", "127.0.0.1:0"], "--listen-tls is without a certificate"), (["--hsts", "1"], "--hsts is without an address of HTTPS"),
      (["--config", "/nowhere/at.all"], "/nowhere/at.all: can't be read"),
    ])
  func flagRefusals(arguments: [String], sentence: String) {
    let given = refusal { _ = try ServeConfiguration(arguments: arguments) }
    #expect(given.contains(sentence))
  }
}
