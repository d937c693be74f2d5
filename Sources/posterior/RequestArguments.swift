import ArgumentParser
import Formats
import Foundation
import Modelling
import Registry
import Service
import Tensors

/// What all requests have in common on the command line: a model, items, and where the answer goes.
struct RequestArguments: ParsableArguments {
  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @OptionGroup var store: StoreArguments
  @Option(
    help: "json, csv, arrow (a stream of its IPC), png, npy, raw (float32, little-endian) or txt. (default: by the output's extension, else json)")
  var format: OutputFormat?
  @Option(name: .shortAndLong, help: "Where to write the answer; - is standard output, too. (default: standard output)", completion: .file())
  var output: String?
  @Flag(help: "Takes warnings about the items, such as numbers that look like another unit, for errors.") var strict = false
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected at least 1") }
  }

  /// Answers the request as the server does: the same code, the same bytes. What can be read and written block by block is, whatever its size.
  /// - Parameters:
  ///   - mask: a picture that hides pixels of the input, which is a picture, too.
  ///   - learnt: the model, where it is not the one that the arguments name.
  ///   - bytes: those of the input, where it was read before.
  func perform(
    _ kind: RequestKind, _ options: [SentRequest.Option], input: String? = nil, as inputArguments: InputArguments = InputArguments(),
    mask: String? = nil, model learnt: LoadedModel? = nil, bytes: ItemSource? = nil
  ) async throws {
    try await reporting {
      if TableLearning.current == nil || threads != nil { Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount }
      let model = try learnt ?? store.load(model)
      let takesRows = model.signature.space.isRow
      var sent = SentRequest(contentType: try input.map { try inputArguments.format(of: $0, takesRows: takesRows).mediaType }, options: options)
      if input != nil {
        // The source has brought the text to UTF-8.
        sent.table = try inputArguments.table.values()
        sent.table?.encoding = .utf8
      }
      if mask != nil, sent.contentType != .png {
        throw CommandError("\(input ?? ""): a mask in a file goes with one .png; items of other formats say themselves what is missing.")
      }
      let (output, limits) = (try OutputFile(output), ServiceLimits())
      let receipt: Receipt
      if let input, sent.contentType != .json, mask == nil,
        let stream = try stream(kind, sent, of: model, to: output, limits)
      {
        var progress = ReadingProgress()
        defer { progress.finish() }
        let source = try inputArguments.source(input, takesRows: takesRows, bytes: bytes)
        try stream.perform(
          on: source, progress: { progress.show($0, of: $1) }, noted: { try tell($0, warnings: $1) }, write: output.write)
        receipt = stream.asked.receipt
      } else {
        sent.body = try input.map { try inputArguments.source($0, takesRows: takesRows, bytes: bytes).whole() } ?? []
        if let mask { sent = .form(image: sent.body, mask: try inputArguments.source(mask).whole(), options: sent.options) }
        let asked = try kind.ask(sent, of: model, limits: limits)
        let type = try mediaType(among: asked.mediaTypes, output)
        try tell(asked.items.notes, warnings: asked.receipt.warnings)
        for piece in try asked.answered(in: type).perform().pieces(as: type, receipt: asked.receipt) { try output.write(piece) }
        // For the terminal only: a file or pipe gets the server's bytes.
        if output.isTerminal { print() }
        receipt = asked.receipt
      }
      try output.finish()
      if !options.contains(where: { $0.name == "seed" }) { CommandError.note("seed \(receipt.seed)") }
    }
  }

  /// Notes of how items were read, and warnings, each once.
  private func tell(_ notes: [String], warnings: [String]) throws {
    if strict { try Problem.refuse(warnings) }
    for note in notes { CommandError.note(note) }
    for warning in warnings.map({ "warning: \($0)" }) where !notes.contains(warning) { CommandError.note(warning) }
  }

  /// The request block by block, where items and answer can be; all but its items is checked then.
  private func stream(
    _ kind: RequestKind, _ sent: SentRequest, of model: LoadedModel, to output: OutputFile, _ limits: ServiceLimits
  ) throws -> StreamedRequest? {
    let fields = try sent.fields(of: kind)
    let asked = try kind.ask(fields, of: model, limits)
    return StreamedRequest(asked, items: sent.contentType, as: try mediaType(among: asked.mediaTypes, output), limits: limits, table: fields.table)
  }

  private func mediaType(among possible: [MediaType], _ destination: OutputFile) throws -> MediaType {
    let type = (format ?? output.flatMap(OutputFormat.init(path:)) ?? .json).mediaType
    guard possible.contains(type) else {
      let names = OutputFormat.allCases.filter { possible.contains($0.mediaType) }.map(\.rawValue)
      throw CommandError("This answer can be had as \(names.joined(separator: ", ")).")
    }
    let isText = type == .json || type == .csv || type == .text
    guard isText || !destination.isTerminal else { throw CommandError("A terminal can't show \(type): name a file with -o.") }
    return type
  }
}

/// Formats of items and answers, by the name that a flag or an extension has.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case json, csv, arrow, png, npy, raw, txt

  init?(path: String) {
    let name = path.lowercased()
    self.init(rawValue: name.hasSuffix(".tsv") ? "csv" : name.hasSuffix(".arrows") ? "arrow" : name.fileURL.pathExtension)
  }

  var mediaType: MediaType {
    switch self {
    case .json: .json
    case .csv: .csv
    case .arrow: .arrow
    case .png: .png
    case .npy: .npy
    case .raw: .floats
    case .txt: .text
    }
  }
}
