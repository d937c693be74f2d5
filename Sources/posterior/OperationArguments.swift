import ArgumentParser
import Formats
import Foundation
import Registry
import Service
import Tensors

/// What all operations have in common on the command line: a model, items, and where the answer goes.
struct OperationArguments: ParsableArguments {
  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @OptionGroup var store: StoreArguments
  @Option(help: "Chooses the random numbers, 0 ... 2^63 - 1. (default: drawn)")
  var seed: Int?
  @Option(help: "json, csv, png, npy or raw (float32, little-endian). (default: by the output's extension, else json)")
  var format: OutputFormat?
  @Option(name: .shortAndLong, help: "Where to write the answer; - is standard output, too. (default: standard output)", completion: .file())
  var output: String?

  /// Performs the operation as the server does: the same code, the same bytes. What can be read and written block by block is, whatever its size.
  /// - Parameter mask: a picture that hides pixels of the input, which is a picture, too.
  func perform(
    _ operation: Service.Operation, _ options: [String: String?], input: String? = nil, as inputArguments: InputArguments = InputArguments(),
    mask: String? = nil
  ) async throws {
    try await reporting {
      Parallelism.width = ProcessInfo.processInfo.activeProcessorCount
      let model = try store.load(model)
      var given = options.compactMapValues { $0 }
      given["seed"] = seed.map { "\($0)" }
      let asked = OperationInput(
        contentType: try input.map { try inputArguments.format(of: $0).mediaType },
        options: given.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) })
      if mask != nil, asked.contentType != .png {
        throw CommandError("\(input ?? ""): a mask in a file goes with one .png; items of other formats say themselves what is missing.")
      }
      let output = try OutputFile(output)
      let receipt: Receipt
      if let input,
        let stream = try StreamedOperation(
          operation, asked, on: model, limits: ServiceLimits(), choosing: { try mediaType(among: $0, output) })
      {
        var progress = ReadingProgress()
        defer { progress.finish() }
        try stream.perform(on: try inputArguments.source(input), progress: { progress.show($0, of: $1) }, write: output.write)
        receipt = stream.receipt
      } else {
        var whole = OperationInput(
          body: try input.map { try inputArguments.source($0).whole() } ?? [], contentType: asked.contentType, options: asked.options)
        if let mask { whole = .form(image: whole.body, mask: try inputArguments.source(mask).whole(), options: whole.options) }
        let prepared = try operation.prepare(whole, on: model, limits: ServiceLimits())
        let type = try mediaType(among: prepared.mediaTypes, output)
        for piece in try prepared.perform().pieces(as: type, receipt: prepared.receipt) { try output.write(piece) }
        // For the terminal only: a file or pipe gets the server's bytes.
        if output.isTerminal { print() }
        receipt = prepared.receipt
      }
      try output.finish()
      if seed == nil { CommandError.note("seed \(receipt.seed)") }
    }
  }

  private func mediaType(among possible: [MediaType], _ destination: OutputFile) throws -> MediaType {
    let type = (format ?? output.flatMap(OutputFormat.init(path:)) ?? .json).mediaType
    guard possible.contains(type) else {
      let names = OutputFormat.allCases.filter { possible.contains($0.mediaType) }.map(\.rawValue)
      throw CommandError("This answer can be had as \(names.joined(separator: ", ")).")
    }
    let isText = type == .json || type == .csv
    guard isText || !destination.isTerminal else { throw CommandError("A terminal can't show \(type): name a file with -o.") }
    return type
  }
}

/// Formats of items and answers, by the name that a flag or an extension has.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case json, csv, png, npy, raw

  init?(path: String) { self.init(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) }

  var mediaType: MediaType {
    switch self {
    case .json: .json
    case .csv: .csv
    case .png: .png
    case .npy: .npy
    case .raw: .floats
    }
  }
}
