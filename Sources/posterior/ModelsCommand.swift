import ArgumentParser
import Formats
import Foundation
import Models
import Registry
import Service

struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Registers models and shows what there is.",
    subcommands: [Inspect.self, List.self, Show.self, Upload.self])
}

extension ModelsCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the models of a store.")

    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let store = try store.openExisting()
        var rows: [[String]] = []
        var token: String?
        repeat {
          let page = try store.models(pageToken: token, limit: 1000)
          for model in page.items {
            let version = model.live ?? model.versions.last
            rows.append([
              model.name, model.live.map { "\($0.version)" } ?? "-", "\(model.versions.count)", version?.facts.family ?? "-",
              version.map { "\($0.facts.parameterCount)" } ?? "-", version?.digest.description ?? "-",
            ])
          }
          token = page.nextPageToken
        } while token != nil
        TextTable(["NAME", "LIVE", "VERSIONS", "FAMILY", "PARAMETERS", "DIGEST"], rows).print()
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows a model with its versions and aliases.")

    @Argument(help: "The model's name.") var name: String
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        let model = try store.openExisting().model(named: name)
        print("\(model.name)  created \(model.createdAt)")
        if !model.description.isEmpty { print(model.description) }
        for alias in model.aliases { print("\(alias.name) -> \(alias.version)  since \(alias.updatedAt)") }
        TextTable(
          ["VERSION", "FAMILY", "PARAMETERS", "BYTES", "CREATED", "DIGEST"],
          model.versions.map {
            [
              "\($0.version)", $0.facts.family, "\($0.facts.parameterCount)", "\($0.byteCount)", "\($0.createdAt)", $0.digest.description,
            ]
          }
        ).print()
      }
    }
  }

  struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Registers a model file as the next version of a model.",
      discussion: "The file is checked as the server checks it: parsed, and every operation answers once. The same bytes again are the same version.")

    @Argument(help: "The model file.", completion: .file()) var file: String
    @Option(help: "The model's name.") var name: String
    @Option(help: "The alias to point to the version.") var alias = "live"
    @Option(help: "Why, for the alias' history.") var reason = ""
    @OptionGroup var store: StoreArguments

    func run() async throws {
      try await reporting {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw CommandError("\(file) can't be read.") }
        let store = try store.open()
        let staged = try store.stageUpload()
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { try staged.write(chunk) }
        let publication = try store.publish(staged, as: name, alias: alias, reason: reason, actor: "command line") { path in
          let model = try LoadedModel.load(path: path)
          try model.warmUp(limits: ServiceLimits())
          return try ModelFacts(ofModelFile: path, model: model.family)
        }
        let version = publication.version
        print("\(version.id)  \(version.digest)  \(publication.isNew ? "new" : "was there already"), \(alias) -> \(version.version)")
      }
    }
  }

  struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows what a model file holds, without a store.")

    @Argument(help: "The model file.", completion: .file()) var file: String
    @Flag(help: "As JSON.") var json = false

    func run() async throws {
      try await reporting {
        let inspection = try ModelFile.inspect(path: file)
        let digest = try SHA256.digest(ofFile: file)
        if json {
          print(String(decoding: inspection.json(digest: digest).text, as: UTF8.self))
        } else {
          inspection.print(digest: digest)
        }
        if let problem = inspection.problem { throw CommandError("This file can't be served: \(problem)") }
      }
    }
  }
}
