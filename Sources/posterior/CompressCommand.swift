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
    help:
      "Items: an IDX, NPY or PNG file, for a server NPY, PNG, CSV or JSON, every number one of the model's levels; or of a model of tables a CSV file of decimal numbers and categories.",
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
      if TableCompressor.takes(model) { return try compressTable(for: model) }
      guard table.given.isEmpty else { throw CommandError("--\(table.given[0].name) is for models of tables.") }
      let items = try ItemFiles.items(of: file, for: model.family)
      var compressor = try Compressor(model, of: items.signature, seed: seed)
      guard items.count > 0 else { throw CommandError("\(file) has no items.") }
      let size = try chunkSize(Compressor.usualItems(of: items.signature), most: Compressor.mostItems(of: items.signature))
      let output = try bitsOutput()
      var progress = ReadingProgress()
      defer { progress.finish() }
      try output.write(compressor.beginning)
      for first in stride(from: 0, to: items.count, by: size) {
        let rows = first..<min(first + size, items.count)
        try output.write(compressor.append(items.raw(rows)))
        progress.show(rows.upperBound, of: items.count)
      }
      try output.write(compressor.finish())
      try output.finish()
      progress.finish()
      for line in Self.lines(compressor.rate) { CommandError.note(line) }
    }
  }

  private func askServer() async throws {
    guard let type = OutputFormat(path: file)?.mediaType else {
      throw CommandError("\(file): a server takes .npy, .png, .csv, .json or .raw (float32, little-endian); the extension says which.")
    }
    guard table.given.isEmpty else { throw CommandError("--\(table.given[0].name) is for models of tables, and not for a server.") }
    let output = try bitsOutput()
    let fields = ["Posterior-Rate", "Posterior-Rate-Net", "Posterior-Rate-Bound"]
    let rates = try await RemoteStream(server: registry.requireServer(), model: model).perform(
      .compress, on: file, as: type, into: output, accepting: .bits, options: [("chunk", chunk.map(String.init)), ("seed", "\(seed)")], fields: fields
    )
    let told = fields.compactMap { rates[$0] }
    guard told.count == fields.count else { return }
    CommandError.note("rate \(told[0]) bits/dim gross, \(told[1]) net of random bits and frame; the model's bound \(told[2])")
  }

  private func chunkSize(_ usual: Int, most: Int) throws -> Int {
    guard let chunk else { return usual }
    guard chunk <= most else { throw CommandError("--chunk is \(chunk), expected at most \(most) items of this size.") }
    return chunk
  }

  private func bitsOutput() throws -> OutputFile {
    let output = try OutputFile(output)
    guard !output.isTerminal else { throw CommandError("A terminal can't show bits: name a file with -o.") }
    return output
  }

  private static func lines(_ rate: CompressionRate) -> [String] {
    [
      "\(rate.items) items of \(rate.dimensions / rate.items) numbers in \(rate.bytes) bytes",
      String(
        format: "rate %.4f bits/dim gross, %.4f net of random bits and frame; the model's bound %.4f", rate.gross, rate.net, rate.bound),
      String(format: "%d bits gross, %.0f net", rate.grossBits, rate.netBits),
    ]
  }
}

// MARK: - Tables

extension CompressCommand {
  /// Rows of a table, each cell on its column's decimal grid.
  private func compressTable(for model: LoadedModel) throws {
    guard let space = model.signature.space.table else { return }
    var compressor = try TableCompressor(model, seed: seed)
    let bytes = try InputArguments().bytes(of: file).whole()
    let (rows, notes) = try TableContent.read(
      bytes, source: file, as: space, options: table.values(), isMixed: Capability.conditionalScoring.of(model.family) != nil)
    for note in notes { CommandError.note(note) }
    guard rows.count > 0 else { throw CommandError("\(file) has no rows.") }
    let most = TableCompressor.mostRows(of: model.signature)
    let (size, output) = (try chunkSize(min(65_536, max(1, most / 8)), most: most), try bitsOutput())
    var progress = ReadingProgress()
    defer { progress.finish() }
    try output.write(compressor.beginning)
    for first in stride(from: 0, to: rows.count, by: size) {
      let part = first..<min(first + size, rows.count)
      try output.write(compressor.append(rows.rows(part)))
      progress.show(part.upperBound, of: rows.count)
    }
    try output.write(compressor.finish())
    try output.finish()
    progress.finish()
    for line in Self.lines(compressor.rate) { CommandError.note(line) }
  }

  private static func lines(_ rate: TableRate) -> [String] {
    func perCell(_ bits: Double, _ cells: Int) -> String { cells > 0 ? String(format: "%.4f", bits / Double(cells)) : "no" }
    func bytes(_ bits: Double) -> String { String(format: "%.0f", bits / 8) }
    return [
      "\(rate.rows) rows in \(rate.bytes) bytes, \(rate.rows - rate.distinct) of them repeats of rows before; "
        + "\(rate.cells) cells that are not missing",
      "rate \(perCell(Double(8 * rate.bytes), rate.cells)) bits a cell gross, \(perCell(rate.netBits, rate.cells)) net of random bits and frame",
      "rows that are no repeats: \(perCell(rate.rowBits, rate.distinctCells)) bits a cell; the model's bound "
        + perCell(rate.boundBits, rate.distinctCells),
      "bytes of rows \(bytes(rate.rowBits)), grids and lists of numbers \(bytes(rate.numberBits)), "
        + "missing cells, repeats and layout \(bytes(rate.patternBits)), texts \(bytes(rate.textBits)), "
        + "random bits and frame \(bytes(rate.frameBits))",
    ]
  }
}
