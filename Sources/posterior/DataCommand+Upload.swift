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
        var all: [(name: String, path: String)] = []
        for file in files {
          var isFolder: ObjCBool = false
          guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
            throw CommandError("There is no file or folder \(file).")
          }
          guard isFolder.boolValue else {
            all.append(((file as NSString).lastPathComponent, file))
            continue
          }
          all += try FileManager.default.subpathsOfDirectory(atPath: file).filter { $0.lowercased().hasSuffix(".png") }.sorted().map {
            ($0, "\(file)/\($0)")
          }
        }
        guard !all.isEmpty else { throw CommandError("There are no PNGs in \(files.joined(separator: ", ")).") }
        let name = try name ?? DatasetUpload.name(for: all)
        let dataset = try await DatasetUpload(server: server).send(all, as: name)
        let description = dataset["description"]
        print("\(dataset.cell("name"))  \(dataset.cell("digest"))  \(description?.cell("count") ?? "") \(description?.cell("kind") ?? "items")")
      }
    }
  }
}
