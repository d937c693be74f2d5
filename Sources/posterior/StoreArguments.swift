import ArgumentParser
import Foundation
import Registry

/// Which store a command works on.
struct StoreArguments: ParsableArguments {
  @Option(name: .customLong("store"), help: "The store's folder. (default: $POSTERIOR_STORE or ~/.local/share/posterior)", completion: .directory)
  var given: String?

  var directory: String {
    if let given { return given }
    let environment = ProcessInfo.processInfo.environment
    if let store = environment["POSTERIOR_STORE"], !store.isEmpty { return store }
    return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/share/posterior"
  }

  /// The store; made where there is none.
  func open() throws -> ModelStore { try ModelStore(directory: directory) }

  /// The store, which has to be there already: a command that only reads leaves no folders behind.
  func openExisting() throws -> ModelStore {
    try requireExisting()
    return try open()
  }

  func requireExisting() throws {
    guard FileManager.default.fileExists(atPath: directory + "/posterior.sqlite") else {
      throw CommandError("There is no store in \(directory); name one with --store, or make one with posterior serve or posterior models upload.")
    }
  }
}
