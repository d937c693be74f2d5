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
      let stream = try InputArguments().bytes(of: file)
      if TableCompressor.takes(model) { return try decompressTable(stream.whole(), of: model) }
      let decompressor: Decompressor
      do { decompressor = try Decompressor(stream, of: model, ofAnySize: true) } catch { throw named(error) }
      let items = try DecompressOptions(items: items).range(of: decompressor.count)
      let form = try ItemFiles.Form(path: output, items: items.count, of: decompressor.signature)
      let output = try OutputFile(output)
      var progress = ReadingProgress()
      defer { progress.finish() }
      try output.write(form.head)
      for chunk in decompressor.chunks(holding: items) {
        let values: Tensor
        do { values = try decompressor.items(of: chunk, within: items) } catch { throw named(error) }
        try output.write(form.bytes(values))
        progress.show(min(decompressor.chunks[chunk].upperBound, items.upperBound) - items.lowerBound, of: items.count)
      }
      try output.finish()
    }
  }

  private func decompressTable(_ stream: [UInt8], of model: LoadedModel) throws {
    guard let space = model.signature.space.table else { return }
    let form = try TableFiles.Form(path: output, of: space)
    let decompressor: TableDecompressor
    do { decompressor = try TableDecompressor(stream, of: model) } catch { throw named(error) }
    let chunks = decompressor.chunks
    let wanted = try DecompressOptions(items: items).range(of: chunks.last?.upperBound ?? 0)
    let output = try OutputFile(output)
    var progress = ReadingProgress()
    defer { progress.finish() }
    for (number, places) in chunks.enumerated() where places.overlaps(wanted) {
      let rows: TableContent
      do { rows = try decompressor.rows(of: number) } catch { throw named(error) }
      let part = wanted.clamped(to: places)
      if part.lowerBound == wanted.lowerBound { try output.write(form.head(rows.layout, rows: wanted.count)) }
      try output.write(form.bytes(rows.rows(part.lowerBound - places.lowerBound..<part.upperBound - places.lowerBound)))
      progress.show(part.upperBound - wanted.lowerBound, of: wanted.count)
    }
    try output.finish()
  }

  private func named(_ error: any Error) -> any Error { error is Fault ? error : CommandError("\(file): \(error).") }
}
