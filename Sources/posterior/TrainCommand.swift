import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import Locking
import ModelFiles
import Modelling
import Optimisation
import Registry
import Tensors

/// `posterior train RECIPE.json`: a run from a recipe to a model file.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model from a recipe.",
    discussion: """
      The same recipe on the same data gives the same file, also when the run was stopped and resumed. Flags override the recipe's fields.
      Without a recipe, --data TABLE.csv --family vaeac chooses everything else from the size of the table and says what.
      """)

  @Argument(help: "A recipe in JSON; see deploy/recipes. Without one: --data and --family.") var recipe: String?
  @Option(help: "Without a recipe: the family, one that learns from tables.") var family: String?
  @Option(help: "Without a recipe: types and categories of the columns, as `posterior data describe --json` prints them.") var schema: String?
  @Flag(help: "Prints the whole recipe and trains nothing.") var printRecipe = false
  @Option(name: [.short, .long], help: "The model file to write. Default: NAME.safetensors.") var output: String?
  @Option(help: "Where the state between epochs is kept. Default: OUTPUT.checkpoint.") var checkpoint: String?
  @Flag(help: "Go on from the checkpoint; with more --epochs also a run that had ended, if its checkpoint was kept.") var resume = false
  @Flag(help: "Keep the checkpoint of a run that ends well.") var keepCheckpoint = false
  @Option(help: "Overrides `epochs`.") var epochs: Int?
  @Option(help: "Overrides `batch_size`.") var batchSize: Int?
  @Option(help: "Overrides `validation`: items held out.") var validation: Int?
  @Option(help: "Overrides `patience`: epochs without a better bound of the items held out after which training stops.") var patience: Int?
  @Option(help: "Overrides `seed`.") var seed: UInt64?
  @Option(help: "Overrides `labels.seed`: which labels are kept.") var labelSeed: Int?
  @Option(help: "Overrides `optimiser.rate`.") var rate: Float?
  @Option(help: "Overrides `data.source`.") var data: String?
  @Option(help: "Overrides `data.limit`.") var limit: Int?
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup(title: "Reading tables; overrides `data.reading`") var reading: SettingArguments<TableOptions>
  @OptionGroup var store: StoreArguments

  func run() async throws { try await reporting(train) }

  private func train() throws {
    var (recipe, table) = try start()
    if let epochs { recipe.epochs = epochs }
    if let batchSize { recipe.batchSize = batchSize }
    if let validation { recipe.validation = validation }
    if let patience { recipe.patience = patience }
    if let seed { recipe.seed = seed }
    if let labelSeed {
      guard recipe.labels != nil else { throw CommandError("--label-seed is \(labelSeed), but the recipe has no labels.") }
      recipe.labels?.seed = labelSeed
    }
    if let rate { recipe.optimiser.rate = rate }
    try recipe.validate()
    if printRecipe { return print(try JSONValue(parsing: Array(recipe.canonicalText().utf8)).indented()) }
    if let table { show(recipe, table) }

    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    TrainingMemory.keepFreedBlocks()
    let output = output ?? "\(recipe.name).safetensors"
    let claim = try OutputClaim(output)
    defer { withExtendedLifetime(claim) {} }
    if FileManager.default.fileExists(atPath: output) { CommandError.note("\(output) is there already; the trained model will replace it") }
    let recorder = noRecord ? nil : try store.open()
    let training = Training(
      recipe, families: Catalogue.families,
      options: Training.Options(output: output, checkpoint: checkpoint ?? "\(output).checkpoint", resumes: resume, keepsCheckpoint: keepCheckpoint),
      data: table,
      recorder: recorder, build: .current)
    let display = TrainingDisplay()
    let interruption = Interruption()
    do {
      let result = try training.run(observe: { display.show($0) }, shouldStop: { interruption.isRequested })
      print(result.digest)
    } catch TrainingError.stopped {
      display.finish()
      throw CommandError("Stopped; the same command with --resume goes on.")
    }
  }

  /// The recipe from its file, or the one that a table comes to, which is then read already.
  private func start() throws -> (recipe: Recipe, table: DataSet?) {
    guard let path = recipe else { return try startFromTable() }
    guard family == nil, schema == nil else { throw CommandError("--family and --schema are for training without a recipe; \(path) names its own.") }
    guard let text = FileManager.default.contents(atPath: path) else { throw CommandError("There is no recipe \(path).") }
    var recipe = try Recipe(parsing: [UInt8](text))
    if let data {
      recipe.data =
        DataSource(
          source: data, format: recipe.data.format == .lines ? .lines : nil, limit: recipe.data.limit, columns: recipe.data.columns,
          missing: recipe.data.missing, delimiter: recipe.data.delimiter, labels: recipe.data.labels, window: recipe.data.window,
          reading: recipe.data.reading
        ).readAnew
    }
    recipe.data.reading = try reading.values(or: recipe.data.reading)
    if let limit { recipe.data.limit = limit }
    return (recipe, nil)
  }

  private func startFromTable() throws -> (recipe: Recipe, table: DataSet?) {
    let families = Catalogue.families.filter { $0.trainable?.learnsFrom.contains(.mixedTables) ?? false }.map { $0.name }
    guard let data, let family else {
      throw CommandError("Expected a recipe, or --data with the path of a table and --family (\(families.joined(separator: ", "))).")
    }
    guard families.contains(family) else {
      throw CommandError("--family is \(family), which needs a recipe; without one expected: \(families.joined(separator: ", ")).")
    }
    var source = DataSource(source: data, format: InputArguments.isTable(data) ? .csv : nil, limit: limit).readAnew
    if let schema {
      guard let text = FileManager.default.contents(atPath: schema) else { throw CommandError("There is no schema \(schema).") }
      source = source.reading(try TableSchema(parsing: [UInt8](text)))
    }
    source.reading = try reading.values(or: source.reading)
    let table = try source.load(isMixed: true)
    guard table.signature.space.table != nil else { throw CommandError("\(data) is no table, expected a CSV file.") }
    let settings = Catalogue.settings(of: family, forRows: table.count)
    return (Recipe(family: family, settings: settings, source: source, rows: table.count), table)
  }

  /// What was chosen, on standard error.
  private func show(_ recipe: Recipe, _ table: DataSet) {
    let types = Dictionary(grouping: table.signature.space.table?.columns ?? [], by: \.type.rawValue).sorted { $0.key < $1.key }
      .map { "\($0.value.count) \($0.key)" }
    let text = """
      \(table.count) rows, columns: \(types.joined(separator: ", ")) (posterior data describe \(recipe.data.source))
      chosen: \(recipe.choices) (--print-recipe shows all)

      """
    for note in table.report?.notes ?? [] { CommandError.note(note) }
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// Ctrl-C and SIGTERM as a request to stop after the current step; a second one ends the process as usual.
private final class Interruption {
  private final class Flag: Sendable {
    private let value = Protected(false)

    var isRaised: Bool { value.withLock { $0 } }

    /// Raises the flag and says whether it was up already.
    func raise() -> Bool {
      value.withLock { value in
        defer { value = true }
        return value
      }
    }
  }

  private let flag = Flag()
  private var sources: [any DispatchSourceSignal] = []

  init() {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [flag] in if flag.raise() { exit(128 + number) } }
      source.resume()
      sources.append(source)
    }
  }

  var isRequested: Bool { flag.isRaised }
}
