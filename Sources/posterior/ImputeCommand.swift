import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import Modelling
import Registry
import Service
import Tensors

struct ImputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ImputeRequest.name, abstract: ImputeRequest.summary,
    discussion: """
      With a CSV file in and -o OUT.csv, observed cells come out byte for byte as they stood; \
      mode draws writes every row's draws one below the other, numbered in a first column "imputation". \
      Such files may be of any size: they are checked first, then computed block by block, and OUT.csv appears when it is whole. \
      --mask may also name a .png of the same size, white where pixels are hidden. \
      Of images, -o OUT.png shows every image with its hole, what it was completed to, and, where --mask hid some of it, what was there.

      posterior impute TABLE.csv -o FILLED.csv, without a model, learns one from the table first, says what it took every column for and how good it is on \
      cells that it hid from itself, and fills in the table; --mode is point there unless said otherwise.

      posterior impute TABLE.csv -o COMPLETED.csv --proper is for estimates with standard errors: an analysis of every completed table, pooled by \
      posterior pool, then knows what the missing cells left open. 20 imputations, each by a fit of its own, take longer than one table does.
      """)

  @OptionGroup var arguments: RequestArguments
  @OptionGroup var inputArguments: InputArguments
  @Argument(
    help:
      "Items with holes: a .csv, .arrow, .json, .png, .npy or .raw (float32, little-endian) file; - is standard input. (default: MODEL is a table)",
    completion: .file())
  var input: String?
  @OptionGroup var options: SettingArguments<ImputeRequest>
  @OptionGroup var proper: ProperArguments
  @Option(help: "Without a model: the family that learns. (default: stacking)") var family: String?
  @Option(help: "Without a model: registers what was learnt in the store under this name.") var keepModel: String?

  private static let toldColumns = 40

  func run() async throws {
    guard let input else { return try await reporting(imputeTable) }
    guard family == nil, keepModel == nil else { throw ValidationError("--family and --keep-model are for a table without a model") }
    // A picture of the same size, white where pixels are hidden, comes beside the input instead of as an option.
    let mask = options["mask"].flatMap { $0.lowercased().hasSuffix(".png") ? $0 : nil }
    var given = options.given.filter { mask == nil || $0.name != "mask" }
    var model: LoadedModel?
    if proper.isWanted {
      (model, given) = try await reporting {
        let model = try arguments.store.load(arguments.model)
        return (model, try proper.completed(given, fits: (model.family as? Stacking)?.configuration.bootstraps ?? 0))
      }
    }
    try await arguments.perform(RequestKind(ImputeRequest.self), given, input: input, as: inputArguments, mask: mask, model: model)
  }

  /// Learns a model of the table and fills in its holes.
  private func imputeTable() async throws {
    let path = arguments.model
    guard try inputArguments.format(of: path) == .csv else {
      throw CommandError("\(path) is no table: expected a model and items, or a table alone (.csv, .tsv, .txt, also in .gz).")
    }
    var given = options.given
    if proper.isWanted {
      guard family == nil || family == Stacking.name else {
        throw CommandError("--proper learns a model of the family \(Stacking.name): --family \(family ?? "") has one fit for all imputations.")
      }
      given = try proper.completed(given, fits: nil)
    } else if options["mode"] == nil {
      given.append(.init(name: "mode", value: ImputeRequest.Mode.point.rawValue))
    }
    let start = ContinuousClock.now
    let learning = TableLearning.current
    if learning == nil { Parallelism.width = ProcessInfo.processInfo.activeProcessorCount }
    let source = DataSource(source: path, format: .csv, reading: try inputArguments.table.values())
    // It is read twice, to learn from it and to fill it in, and a pipe can be read but once.
    let bytes = try inputArguments.bytes(of: path)
    let data = try source.load(table: bytes.whole(), isMixed: true)
    for note in data.report?.notes ?? [] { CommandError.note(note) }
    // Of a table with hundreds of columns the first will do.
    for column in data.report?.columns.filter({ $0.type != nil }).prefix(Self.toldColumns) ?? [] {
      CommandError.note("\(column.name): \(column.type ?? ""), \(column.reason), \(column.missing) of \(column.observed + column.missing) missing")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-impute-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // A temporary folder that can't be removed is left to the system; the answer is not affected.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let seed = options["seed"].flatMap { UInt64($0) } ?? 0
    let bootstraps = proper.isWanted ? given.first { $0.name == "draws" }.flatMap { Int($0.value) } : nil
    var imputer = TableImputer(data: data, source: source, family: family ?? Stacking.name, seed: seed, folder: folder, bootstraps: bootstraps)
    if let learning { imputer.observe = learning.observe }
    for line in try imputer.check().prefix(Self.toldColumns) { CommandError.note(line) }
    let file = try imputer.learn()
    let model = try LoadedModel.load(path: file, families: Catalogue.families)
    try learning?.learnt(file)
    if let keepModel { CommandError.note("registered as \(try keep(file, as: keepModel))") }
    if options["seed"] == nil { given.append(.init(name: "seed", value: "\(seed)")) }
    try await arguments.perform(RequestKind(ImputeRequest.self), given, input: path, as: inputArguments, model: model, bytes: bytes)
    CommandError.note(
      "\(data.count) rows in \(String(format: "%.1f", (ContinuousClock.now - start) / .seconds(1))) s, model of the family \(imputer.family)")
  }

  private func keep(_ file: String, as name: String) throws -> String {
    let store = try arguments.store.open()
    let staged = try store.stageUpload()
    do { try staged.write([UInt8](Data(contentsOf: file.fileURL))) } catch {
      staged.abort()
      throw error
    }
    let version = try store.publish(staged, as: name, alias: nil, actor: .commandLine) { path in
      try ModelFacts(ofModelFile: path, model: LoadedModel.load(path: path, families: Catalogue.families).family)
    }.version
    return "\(version.name)@\(version.version)"
  }
}
