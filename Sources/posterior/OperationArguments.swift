import ArgumentParser
import Foundation
import Formats
import Models
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
  @Option(name: .shortAndLong, help: "Where to write the answer. (default: standard output)", completion: .file())
  var output: String?

  /// Performs the operation as the server does: the same code, the same bytes.
  func perform(_ operation: Service.Operation, _ options: [String: String?], input: String? = nil, mask: String? = nil) async throws {
    try await reporting {
      Parallelism.width = ProcessInfo.processInfo.activeProcessorCount
      let model = try load()
      var given = options.compactMapValues { $0 }
      given["seed"] = seed.map { "\($0)" }
      let prepared = try operation.prepare(try self.input(given, from: input, mask: mask), on: model, limits: ServiceLimits())
      let type = try mediaType(of: prepared)
      let bytes = try prepared.perform().bytes(as: type, receipt: prepared.receipt)
      try write(bytes, type)
      if seed == nil { FileHandle.standardError.write(Data("seed \(prepared.receipt.seed)\n".utf8)) }
    }
  }

  private func load() throws -> LoadedModel {
    if store.given == nil, FileManager.default.fileExists(atPath: model) { return try LoadedModel.load(path: model) }
    if store.given == nil, model.contains("/") || model.hasSuffix(".safetensors") { throw CommandError("There is no file \(model).") }
    let store = try store.openExisting()
    let version = try store.resolve(model)
    let registered = LoadedModel.Registration(name: version.name, version: version.version)
    return try store.reading(version) { path in try LoadedModel.load(path: path, expecting: version.digest, registered: registered) }
  }

  private func input(_ options: [String: String], from path: String?, mask: String?) throws -> OperationInput {
    let sorted = options.sorted { $0.key < $1.key }
    guard let path else { return OperationInput(options: sorted.map { .init(name: $0.key, value: $0.value) }) }
    guard let format = OutputFormat(path: path) else {
      throw CommandError("\(path): items come as .json, .csv, .png, .npy or .raw (float32, little-endian); the extension says which.")
    }
    func content(of path: String) throws -> [UInt8] {
      guard let data = FileManager.default.contents(atPath: path) else { throw CommandError("\(path) can't be read.") }
      return Array(data)
    }
    let listed = sorted.map { OperationInput.Option(name: $0.key, value: $0.value) }
    guard let mask else { return OperationInput(body: try content(of: path), contentType: format.mediaType, options: listed) }
    guard format == .png else {
      throw CommandError("\(path): a mask in a file goes with one .png; items of other formats say themselves what is missing.")
    }
    return .form(image: try content(of: path), mask: try content(of: mask), options: listed)
  }

  private func mediaType(of prepared: PreparedOperation) throws -> MediaType {
    let type = (format ?? output.flatMap(OutputFormat.init(path:)) ?? .json).mediaType
    guard prepared.mediaTypes.contains(type) else {
      let possible = OutputFormat.allCases.filter { prepared.mediaTypes.contains($0.mediaType) }.map(\.rawValue)
      throw CommandError("This answer can be had as \(possible.joined(separator: ", ")).")
    }
    return type
  }

  private func write(_ bytes: [UInt8], _ type: MediaType) throws {
    if let output {
      try Data(bytes).write(to: URL(fileURLWithPath: output))
      return
    }
    let isText = type == .json || type == .csv
    guard isText || isatty(STDOUT_FILENO) == 0 else { throw CommandError("A terminal can't show \(type): name a file with -o.") }
    FileHandle.standardOutput.write(Data(bytes))
    // For the terminal only: a file or pipe gets the server's bytes.
    if isatty(STDOUT_FILENO) != 0 { print() }
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
