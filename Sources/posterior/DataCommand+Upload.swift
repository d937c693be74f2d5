import ArgumentParser
import Formats
import Foundation

extension DataCommand {
  struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Registers files on a server as a data set that trainings there learn from.",
      discussion: """
        A file, several of them (data and their labels), or a folder of PNGs. The same files again are the data set that is there; a name stands for the \
        same files until it is deleted.
        """)

    @Argument(help: "Files, or a folder of PNGs.", completion: .file()) var files: [String]
    @Option(help: "The data set's name. (default: of the first file and what is in it)") var name: String?
    @OptionGroup var registry: RegistryArguments

    func run() async throws {
      try await reporting {
        let server = try registry.requireServer()
        let all = try files.flatMap { try DatasetUpload.files(at: $0) }
        let name = try name ?? DatasetUpload.name(for: all)
        let dataset = try await DatasetUpload(server: server).send(all, as: name)
        let description = dataset["description"]
        print("\(dataset.cell("name"))  \(dataset.cell("digest"))  \(description?.cell("count") ?? "") \(description?.cell("kind") ?? "items")")
      }
    }
  }
}
