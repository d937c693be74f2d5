import ArgumentParser
import HTTP

extension RunsCommand {
  struct Document: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes a document that a run keeps, such as a table or a picture.", discussion: "posterior runs show RUN lists them.")

    @Argument(help: "The run's identifier.") var id: String
    @Argument(help: "The document's name.") var name: String
    @Option(name: .shortAndLong, help: "Where to. (default: standard output)", completion: .file()) var output: String?
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let connection = try registry.connect()
        let target = ServerConnection.target(["runs", id, "documents", name], [])
        let bytes = try await connection.send(.get, target, body: [], accepting: "*/*").content
        let file = try OutputFile(output)
        try file.write(bytes)
        try file.finish()
      }
    }
  }
}
