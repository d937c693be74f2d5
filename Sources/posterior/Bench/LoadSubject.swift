import Families
import ArgumentParser
import Benchmarking
import Formats
import Foundation
import HTTP
import Registry
import Service
import Tensors

/// Which server a load goes to.
struct LoadSubjectArguments: ParsableArguments {
  @Option(help: ArgumentHelp("A running server, plain HTTP.", valueName: "url"))
  var server: String?
  @Option(help: ArgumentHelp("A running server's socket file.", valueName: "path"), completion: .file())
  var unix: String?
  @Option(
    help: ArgumentHelp("Serve this model file from here, over a loopback port, for the length of the measurement.", valueName: "file"),
    completion: .file())
  var inProcess: String?
  @Option(help: "With --in-process: requests computed at once. (default: one a core)")
  var lanes: Int?
  @Option(help: "A key for the server, sent as a bearer token.")
  var key: String?

  func validate() throws {
    guard [server, unix, inProcess].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("name one of --server, --unix and --in-process")
    }
    if lanes != nil, inProcess == nil { throw ValidationError("--lanes is for --in-process; a running server has its own") }
    if let lanes, lanes < 1 { throw ValidationError("--lanes is \(lanes), expected at least 1") }
  }

  func open(connections: Int) async throws -> LoadSubject {
    if let inProcess { return try LoadSubject(serving: inProcess, lanes: lanes, connections: connections) }
    let destination = try unix.map { try Destination(socketPath: $0) } ?? Destination(url: server ?? "")
    return LoadSubject(destination: destination, key: key)
  }
}

/// A server under load: somebody's, or one of our own that lives as long as the measurement.
struct LoadSubject: Sendable {
  let destination: Destination
  private let key: String?
  private let own: OwnServer?

  private struct OwnServer: Sendable {
    let server: Server
    let directory: String
  }

  init(destination: Destination, key: String?) {
    self.destination = destination
    self.key = key
    own = nil
  }

  /// The name that a model served from here has.
  static let ownModel = "model"

  /// Serves a model file as `posterior serve` does, from a store of its own.
  init(serving file: String, lanes: Int?, connections: Int) throws {
    guard let bytes = FileManager.default.contents(atPath: file) else { throw CommandError("\(file) can't be read.") }
    // One thread an operation: the lanes share the cores out.
    Parallelism.width = 1
    let directory = NSTemporaryDirectory() + "/posterior-bench-\(UUID().uuidString)"
    do {
      let store = try ModelStore(directory: directory)
      let staged = try store.stageUpload()
      try staged.write(bytes)
      _ = try store.publish(staged, as: Self.ownModel, alias: "live", actor: "bench") { path in
        let model = try LoadedModel.load(path: path, families: Catalogue.families)
        try model.warmUp(limits: ServiceLimits())
        return try ModelFacts(ofModelFile: path, model: model.family)
      }
      var configuration = ServeConfiguration()
      (configuration.listen, configuration.lanes) = ([ListenAddress(host: "127.0.0.1", port: 0)], lanes)
      configuration.limits.connectionsPerClient = connections + 8
      configuration.limits.bodyBytes = configuration.bodies.bodyBytes
      let application = Application(
        store: store, adminKey: try AdminKey.loadOrCreate(in: directory), options: configuration.options)
      let server = Server(
        handler: configuration.decorated(application.handler, refuse: application.refuse), listen: configuration.plainAddresses,
        limits: configuration.limits, loops: configuration.ioThreadCount, refuse: application.refuse)
      let address = try server.start()[0]
      application.readiness.state = .ready
      destination = try Destination(url: "http://\(address)")
      key = nil
      own = OwnServer(server: server, directory: directory)
    } catch {
      Self.remove(directory)
      throw error
    }
  }

  func close() async {
    guard let own else { return }
    await own.server.shutdown(timeout: .seconds(1))
    Self.remove(own.directory)
  }

  private static func remove(_ directory: String) {
    do {
      try FileManager.default.removeItem(atPath: directory)
    } catch {
      FileHandle.standardError.write(Data("\(directory) stays behind: \(error)\n".utf8))
    }
  }

  /// Header fields of every request.
  func fields(_ others: [(String, String)] = []) -> [(String, String)] { (key.map { [("Authorization", "Bearer \($0)")] } ?? []) + others }

  func get(_ path: String) async throws -> Exchange {
    try await Exchange.perform(LoadRequest("GET", path, at: destination, fields: fields()), at: destination)
  }

  /// The server's counters now; nil for a server that has none.
  func metrics() async -> MetricsText? {
    guard let exchange = try? await get("/metrics"), exchange.status == 200 else { return nil }
    return MetricsText(String(decoding: exchange.body, as: UTF8.self))
  }

  /// One request before the load: what is wrong with it is better said once than counted.
  func probe(_ load: ModelLoad) async throws {
    let exchange = try await Exchange.perform(load.requests[0], at: destination)
    guard !(200..<300).contains(exchange.status) else { return }
    let answer = try? JSONValue(parsing: exchange.body)
    let detail = if case .string(let detail) = answer?["detail"] { detail } else { String(decoding: exchange.body.prefix(200), as: UTF8.self) }
    throw CommandError("\(destination) answers the request with \(exchange.status): \(detail)")
  }
}
