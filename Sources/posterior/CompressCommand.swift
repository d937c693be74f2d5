import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Modelling
import Service
import Tensors

/// `posterior compress MODEL FILE -o OUT`
struct CompressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress", abstract: "Compress items without loss by what a model knows of them.",
    discussion: """
      The file that comes out is read by posterior decompress with the same model alone. Items are coded in chunks, each of which stands for itself: \
      larger ones cost fewer bits, and more memory. Bits per dimension are told beside the model's bound, which is what bits back coding comes to. \
      With --server a model of a server does the same, with the same bytes.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Argument(
    help: """
      Items: an IDX, NPY or PNG file, for a server NPY, PNG, CSV or JSON, every number one of the model's levels; or of a model of tables a CSV or \
      NPY file, for a server JSON as well, of decimal numbers and categories.
      """,
    completion: .file())
  var file: String
  @Option(name: .shortAndLong, help: "Where to write the bits; - is standard output.", completion: .file()) var output: String
  @Option(help: "Items of a chunk. (default: 4096, of large items fewer, of rows 65536)") var chunk: Int?
  @Option(help: "Of the random bits that the first code of a chunk is drawn with.") var seed: UInt64 = 0
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @OptionGroup(title: "Reading tables") var table: SettingArguments<TableOptions>
  @OptionGroup var registry: RegistryArguments

  func validate() throws {
    guard chunk ?? 1 > 0 else { throw ValidationError("--chunk is \(chunk ?? 0), expected 1 or more") }
  }

  func run() async throws {
    try await reporting {
      if registry.server != nil { return try await askServer() }
      Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
      let model = try registry.store.load(model)
      let (asked, items, size) = try itemsToCompress(for: model)
      let (compression, output) = (try asked.compression(of: items), try bitsOutput())
      var progress = ReadingProgress()
      defer { progress.finish() }
      while let bytes = try compression.next() {
        try output.write(bytes)
        progress.show(items.read(of: compression.rate.items), of: size)
      }
      try output.finish()
      progress.finish()
      for note in compression.notes + compression.warnings.map({ "warning: \($0)" }) + compression.rate.summary { CommandError.note(note) }
    }
  }

  /// The items, and how much of them there is to read.
  private func itemsToCompress(for model: LoadedModel) throws -> (asked: CompressRequest, items: ItemChunks, size: Int) {
    let options = [("chunk", chunk.map(String.init)), ("seed", "\(seed)")].compactMap { name, value in
      value.map { SentRequest.Option(name: name, value: $0) }
    }
    var sent = SentRequest(contentType: OutputFormat(path: file) == .npy ? .npy : .csv, options: options)
    if try BitsOperation.compress.codec(of: model).keepsRows {
      var (reading, source) = (try table.values(), try InputArguments().bytes(of: file))
      if sent.contentType == .csv { source = try InputArguments.unpacked(source, file, encoding: reading.encoding) }
      // The text is UTF-8 then.
      reading.encoding = .utf8
      sent.table = reading
      let asked = try CompressRequest(sent, on: model, limits: ServiceLimits())
      return (asked, try asked.items(sent.contentType ?? .csv, in: source), source.byteCount)
    }
    guard table.given.isEmpty else { throw CommandError("--\(table.given[0].name) is for models of tables.") }
    let items = try ItemFiles.items(of: file, for: model.family)
    guard items.count > 0 else { throw CommandError("\(file) has no items.") }
    let asked = try CompressRequest(sent, on: model, of: items.signature, limits: ServiceLimits())
    let layout = Items.Layout.nested(field: "items", shape: items.signature.space.shape)
    return (asked, asked.items(items.count) { Items(raw: items.raw($0), layout: layout, firstRow: $0.lowerBound) }, items.count)
  }

  private func askServer() async throws {
    guard let type = OutputFormat(path: file)?.mediaType else {
      throw CommandError("\(file): a server takes .npy, .png, .csv, .json or .raw (float32, little-endian); the extension says which.")
    }
    let output = try bitsOutput()
    let fields = ["Posterior-Rate", "Posterior-Rate-Net", "Posterior-Rate-Bound"]
    let rates = try await RemoteStream(server: registry.requireServer(), model: model).perform(
      .compress, on: file, as: type, into: output, accepting: .bits,
      options: [("chunk", chunk.map(String.init)), ("seed", "\(seed)")] + table.given.map { ($0.name, $0.value) },
      fields: fields
    )
    let told = fields.compactMap { rates[$0] }
    guard told.count == fields.count else { return }
    CommandError.note("rate \(told[0]) bits/dim gross, \(told[1]) net of random bits and frame; the model's bound \(told[2])")
  }

  private func bitsOutput() throws -> OutputFile {
    let output = try OutputFile(output)
    guard !output.isTerminal else { throw CommandError("A terminal can't show bits: name a file with -o.") }
    return output
  }
}
