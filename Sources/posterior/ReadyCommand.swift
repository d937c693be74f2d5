import ArgumentParser
import HTTP

struct ReadyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ready", abstract: "Asks a server whether it is ready for requests; for health checks and scripts.",
    discussion: """
      Exit code 0 when the live versions of all models are loaded, else 6, with the reason on standard error. Without --server it asks \
      http://127.0.0.1:8080. No key is needed.
      """)

  @Option(help: "How many seconds to wait for it.") var wait = 0.0
  @OptionGroup var registry: RegistryArguments

  func validate() throws {
    guard wait >= 0, wait.isFinite else { throw ValidationError("--wait is \(wait), expected seconds") }
    guard registry.store.given == nil else { throw ValidationError("--store names a folder, and a server is asked: --server names it") }
  }

  func run() async throws {
    try await reporting {
      let server = try registry.namesServer ? registry.requireServer() : ServerConnection(address: RegistryArguments.defaultServer, key: nil)
      let end = ContinuousClock.now + .seconds(wait)
      while true {
        do {
          _ = try await server.send(.get, "/readyz", body: []).content
          return
        } catch let refusal as RegistryRefusal where refusal.exitCode == 6 && .now < end {
          // A server that starts tells nobody when it is done.
          try await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }
}
