import ArgumentParser
import Foundation
import Registry
import Service

/// Where the registry is that a command works on: a store's folder, or a server.
struct RegistryArguments: ParsableArguments {
  @OptionGroup var store: StoreArguments
  @Option(
    help:
      "The address of a server to ask instead, such as http://127.0.0.1:8080; of HTTPS, the system, --ca or $SSL_CERT_FILE has to vouch for the certificate. (default: $POSTERIOR_SERVER, if --store is not given)"
  )
  var server: String?
  @Option(help: "The key for the server; better in $POSTERIOR_KEY, because other users of this machine see the arguments of commands.")
  var key: String?

  @Option(
    help: "PEM file with the authorities that vouch for the server's certificate, in place of the system's. (default: $SSL_CERT_FILE)",
    completion: .file())
  var ca: String?

  func validate() throws {
    if server != nil, store.given != nil { throw ValidationError("--server and --store contradict each other") }
    if key != nil, serverAddress == nil { throw ValidationError("--key is for a server: name it with --server") }
    if ca != nil, serverAddress == nil { throw ValidationError("--ca is for a server: name it with --server") }
  }

  private var serverAddress: String? {
    if let server { return server }
    guard store.given == nil else { return nil }
    return ProcessInfo.processInfo.environment["POSTERIOR_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Where `serve` listens unless it is told otherwise.
  static var defaultServer: String { "http://\(ServeConfiguration().plainAddresses[0])" }

  /// Whether commands ask a server.
  var namesServer: Bool { serverAddress != nil }

  /// - Throws: `CommandError` where no server is named.
  func requireServer() throws -> ServerConnection {
    guard let server = try connect() as? ServerConnection else { throw CommandError("Which server? --server or $POSTERIOR_SERVER names it.") }
    return server
  }

  /// The server that is named; else the one of the store on this machine, at the address that `serve` listens on by default, entered by the
  /// store's own key.
  func ownServer() throws -> ServerConnection {
    if namesServer { return try requireServer() }
    return try ServerConnection(address: Self.defaultServer, key: try store.adminKey(), authorities: nil)
  }

  /// - Parameter creating: makes the store where there is none.
  func connect(creating: Bool = false) throws -> any RegistryConnection {
    guard let serverAddress else { return LocalConnection(creating ? try store.open() : try store.openExisting()) }
    let key = key ?? ProcessInfo.processInfo.environment["POSTERIOR_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    let authorities = ca ?? ProcessInfo.processInfo.environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
    return try ServerConnection(address: serverAddress, key: key, authorities: authorities)
  }
}
