import ArgumentParser
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
      and nothing is written then.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Argument(help: "What posterior compress wrote; - is standard input.", completion: .file()) var file: String
  @Option(name: .shortAndLong, help: "Where to write the items: .npy, .idx (or -ubyte), or .png of a single one.", completion: .file()) var output:
    String
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @OptionGroup var store: StoreArguments

  func run() async throws {
    try await reporting {
      Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let model = try store.load(model)
      let stream = try InputArguments().bytes(of: file).whole()
      let decompressor: Decompressor
      do { decompressor = try Decompressor(stream, of: model) } catch { throw named(error) }
      let chunks = decompressor.chunks
      let count = chunks.last?.upperBound ?? 0
      let form = try ItemFiles.Form(path: output, items: count, of: model.signature)
      let output = try OutputFile(output)
      var progress = ReadingProgress()
      defer { progress.finish() }
      try output.write(form.head)
      for (number, rows) in chunks.enumerated() {
        let items: Tensor
        do { items = try decompressor.items(of: number) } catch { throw named(error) }
        try output.write(form.bytes(items))
        progress.show(rows.upperBound, of: count)
      }
      try output.finish()
    }
  }

  private func named(_ error: any Error) -> any Error { error is Fault ? error : CommandError("\(file): \(error).") }
}
