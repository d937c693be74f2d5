import ArgumentParser
import Formats
import Foundation
import HTTP

extension ModelsCommand {
  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a version of a model from another server, if its bytes have the digest that is known of it.",
      discussion: "The version is registered as a file is by models upload: nothing of it is here before its bytes are checked.")

    @Argument(help: "The address of the server that has it, such as https://models.example.") var source: String
    @Argument(help: "The model there: name, name@3 or name@alias.") var reference: String
    @Option(help: "The model's name here; the name there, where it is not given.") var name: String?
    @Option(help: "The digest that it has to have, sha256:...; what the other server's registry says, where it is not given.") var digest: String?
    @Option(help: "The alias to point to the version.") var alias = "live"
    @Flag(help: "Leave all aliases where they are; models promote moves one later.") var noAlias = false
    @Option(help: "The key for the other server; better in $POSTERIOR_SOURCE_KEY, because other users of this machine see the arguments of commands.")
    var sourceKey: String?
    @Option(help: "PEM file with the authorities that vouch for the other server's certificate, in place of the system's.", completion: .file())
    var sourceCa: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func validate() throws {
      if let digest, Digest(digest) == nil { throw ValidationError("--digest is \"\(digest)\", expected sha256: and 64 hexadecimal digits") }
    }

    func run() async throws {
      try await reporting {
        let key = sourceKey ?? ProcessInfo.processInfo.environment["POSTERIOR_SOURCE_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        let server = try ServerConnection(address: source, key: key, authorities: sourceCa)
        let model = try await server.get("models", reference)
        guard let name = model.text("name"), let said = model.text("digest").flatMap(Digest.init), let version = model.integer("version") else {
          throw CommandError("\(source) has no version of \(reference): its alias points to none.")
        }
        let expected = digest.flatMap(Digest.init) ?? said
        guard said == expected else {
          throw CommandError("\(name)@\(version) of \(source) has the digest \(said), expected \(expected): nothing was taken over.")
        }
        // The number, so that an alias that moves meanwhile does not bring another version.
        let bytes = try await server.send(.get, ServerConnection.target(["models", "\(name)@\(version)", "file"], []), body: []).content
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-pull-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("model.safetensors")
        try Data(bytes).write(to: file)
        let found = try SHA256.digest(ofFile: file.path)
        guard found == expected else {
          throw CommandError("What \(source) sent of \(name)@\(version) has the digest \(found), expected \(expected): nothing was taken over.")
        }
        let here = self.name ?? name
        let connection = try registry.connect(creating: true)
        let target = LocalConnection.target(
          ["admin", "models", here, "versions"], ["alias": noAlias ? nil : alias, "reason": noAlias ? nil : "\(name)@\(version) of \(source)"])
        let answer = try await connection.upload(file: file.path, to: target, digest: expected).json
        if json { return answer.print() }
        print(ModelsCommand.registration(answer, new: "taken over", alias: noAlias ? nil : alias))
      }
    }
  }
}
