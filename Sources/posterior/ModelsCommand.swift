import Families
import ArgumentParser
import Formats
import HTTP
import ModelFiles

struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Registers models, shows what there is and says which version is live.",
    discussion: """
      Works on a store's folder, or with --server on a server; what it prints is the same. \(RegistryRefusal.exitCodes)
      """,
    subcommands: [
      Delete.self, Describe.self, Download.self, History.self, Inspect.self, List.self, Promote.self, Pull.self, Rename.self, Rollback.self,
      Scores.self, Show.self, Tag.self, Unalias.self, Upload.self,
    ])
}

extension ModelsCommand {
  /// What a file became in the registry.
  ///
  /// - Parameter word: for a version that was not there.
  static func registration(_ answer: JSONValue, new word: String, alias: String?) -> String {
    let (version, isNew) = (answer.cell("version"), answer["new"] == .bool(true))
    let moved = alias.map { ", \($0) -> \(version)" } ?? ""
    return "\(answer.cell("model"))@\(version)  \(answer.cell("digest"))  \(isNew ? word : "was there already")\(moved)"
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists models.")

    @Option(help: "Only those with this in their name, description or tags.") var search: String?
    @Option(name: .customLong("tag"), help: "Only those with this tag: NAME or NAME=VALUE; may be repeated.") var tags: [String] = []
    @Option(help: "Only those of this family.") var family: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let query = [("search", search), ("family", family)] + tags.map { ("tag", .some($0)) }
        let models = try await registry.connect().all("models", "models", query: query)
        if json { return JSONValue.object([.init(name: "models", value: .array(models))]).print() }
        TextTable(
          ["NAME", "LIVE", "VERSIONS", "FAMILY", "PARAMETERS", "DIGEST", "TAGS"],
          models.map { model in
            ["name", "live_version", "versions", "family", "parameter_count", "digest"].map(model.cell)
              + [model.pairs("tags").joined(separator: " ")]
          }
        ).print()
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows a model with its versions and aliases.")

    @Argument(help: "The model: name, name@3 or name@alias.") var name: String
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let model = try await registry.connect().get("models", name)
        if json { return model.print() }
        print("\(model.cell("name"))  created \(model.cell("created_at"))")
        if let description = model.text("description"), !description.isEmpty { print(description) }
        for tag in model.pairs("tags") { print(tag) }
        for alias in model.elements("aliases") { print("\(alias.cell("alias")) -> \(alias.cell("version"))  since \(alias.cell("updated_at"))") }
        TextTable(
          ["VERSION", "FAMILY", "PARAMETERS", "BYTES", "CREATED", "DIGEST", "TAGS", "DESCRIPTION"],
          model.elements("versions").map { version in
            ["version", "family", "parameter_count", "bytes", "created_at", "digest"].map(version.cell)
              + [version.pairs("tags").joined(separator: " "), version.text("description") ?? ""]
          }
        ).print()
      }
    }
  }

  struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Registers a model file as the next version of a model.",
      discussion: "The file is checked before it is registered: parsed, and every operation answers once. The same bytes again are the same version.")

    @Argument(help: "The model file.", completion: .file()) var file: String
    @Option(help: "The model's name.") var name: String
    @Option(help: "The alias to point to the version.") var alias = "live"
    @Flag(help: "Leave all aliases where they are; models promote moves one later.") var noAlias = false
    @Option(help: "Why, for the alias' history.") var reason: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let digest: Digest
        do { digest = try SHA256.digest(ofFile: file) } catch { throw CommandError("\(file) can't be read.") }
        let connection = try registry.connect(creating: true)
        let target = LocalConnection.target(["admin", "models", name, "versions"], ["alias": noAlias ? nil : alias, "reason": reason])
        let answer = try await connection.upload(file: file, to: target, digest: digest).json
        if json { return answer.print() }
        print(ModelsCommand.registration(answer, new: "new", alias: noAlias ? nil : alias))
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes a version that no alias points to, or a model with all its versions; their numbers are never given again.")

    @Argument(help: "The model's name.") var name: String
    @Argument(help: "The version.") var version: Int?
    @Flag(help: "Instead of a version: the model with all its versions and aliases.") var all = false
    @OptionGroup var registry: RegistryArguments

    func validate() throws {
      guard (version != nil) != all else { throw ValidationError("give a version, or --all for the model with all its versions") }
    }

    func run() async throws {
      try await reporting {
        if let version {
          try await registry.connect().send(.delete, "admin", "models", name, "versions", "\(version)")
          return print("\(name)@\(version) deleted")
        }
        let answer = try await registry.connect().send(.delete, "admin", "models", name)
        print("\(name) deleted, with versions \(answer.elements("versions").map(\.line).joined(separator: ", "))")
      }
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a model another name; versions, aliases and their history go with it, runs keep the name that was theirs.")

    @Argument(help: "The model's name.") var name: String
    @Argument(help: "A name that no model has or had.") var to: String
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        try await registry.connect().send(.post, "admin", "models", name, "rename", json: .record(["to": .string(to)]))
        print("\(name) is \(to) now")
      }
    }
  }

  struct Download: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes the model file of a version.")

    @Argument(help: "The model: name, name@3 or name@alias.") var name: String
    @Option(name: .shortAndLong, help: "Where to write the file; - is standard output.", completion: .file()) var output: String
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let connection = try registry.connect()
        let bytes = try await connection.send(.get, ServerConnection.target(["models", name, "file"], []), body: []).content
        let file = try OutputFile(output)
        try file.write(bytes)
        try file.finish()
      }
    }
  }

  struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what a model file holds, without a store.")

    @Argument(help: "The model file.", completion: .file()) var file: String
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
      try await reporting {
        let inspection = try ModelFile.inspect(path: file, families: Catalogue.families)
        let digest = try SHA256.digest(ofFile: file)
        if json {
          inspection.json(digest: digest).print()
        } else {
          inspection.print(digest: digest)
        }
        if let problem = inspection.problem { throw CommandError("This file can't be served: \(problem)") }
      }
    }
  }
}
