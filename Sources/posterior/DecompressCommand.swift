import ArgumentParser
import Coding
import Formats
import Foundation
import Modelling
import Service
import Tensors

/// `posterior decompress MODEL FILE -o OUT`
struct DecompressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decompress", abstract: "Read what posterior compress wrote, value for value.",
    discussion: """
      It takes the very model that the items were compressed with. Streams of another model, with a flipped bit or without their end are refused, \
      and nothing is written then. With --items only the chunks that hold those are read, by the index at the end of the file.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Argument(help: "What posterior compress wrote; - is standard input.", completion: .file()) var file: String
  @Option(
    name: .shortAndLong,
    help:
      "Where to write the items: .npy, .idx (or -ubyte), or .png of a single one; of tables .csv or .npy; from a server .npy, .png, .csv or .json.",
    completion: .file())
  var output: String
  @Option(help: "Which items, the first one being 0: 100-199, 100- or 7. (default: all)") var items: String?
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @OptionGroup var registry: RegistryArguments

  func run() async throws {
    try await reporting {
      if registry.server != nil {
        guard let type = OutputFormat(path: output)?.mediaType else {
          throw CommandError("\(output): a server answers .npy, .png, .csv, .json or .raw (float32, little-endian); the extension says which.")
        }
        _ = try await RemoteStream(server: registry.requireServer(), model: model).perform(
          .decompress, on: file, as: .bits, into: OutputFile(output), accepting: type, options: [("items", items)])
        return
      }
      Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let model = try registry.store.load(model)
      let reading = try named {
        try Decompression(of: items, from: InputArguments().bytes(of: file), model: model, as: ItemFiles.mediaType(of: output))
      }
      let form = try ItemFiles.Form(path: output, of: reading)
      let destination = try OutputFile(output)
      var progress = ReadingProgress()
      defer { progress.finish() }
      try destination.write(form.head)
      for chunk in reading.chunks {
        try destination.write(named { try form.bytes(of: chunk) })
        progress.show(chunk + 1 - reading.chunks.lowerBound, of: reading.chunks.count)
      }
      try destination.finish()
    }
  }

  /// Names the file in errors about its stream.
  private func named<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CodingError { throw CommandError("\(file): \(error).") }
  }
}
