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
      Without a recipe, --data FILE chooses a family and all settings by what the data are, and says what and why: a table, an NPY or IDX file, a folder of \
      PNGs, a text.
      """)

  @Argument(help: "A recipe in JSON; see deploy/recipes. Without one: --data.") var recipe: String?
  @Option(help: "Without a recipe: the family. (default: the one that fits the data best)") var family: String?
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
  @Option(help: "On a server: registers the model there under this name, instead of fetching its file.") var publish: String?
  @Option(help: "On a server: the alias that --publish moves to it.") var alias: String?
  @Flag(help: "On a server: Ctrl-C cancels the training; else it only stops watching.") var cancelOnInterrupt = false
  @OptionGroup var registry: RegistryArguments

  func validate() throws {
    // $POSTERIOR_SERVER alone moves no training: hours of work begin where they are asked for.
    guard registry.server == nil else {
      if resume || keepCheckpoint || checkpoint != nil || threads != nil || noRecord || printRecipe {
        throw ValidationError(
          "--resume, --checkpoint, --keep-checkpoint, --threads, --no-record and --print-recipe are for a training on this machine")
      }
      return
    }
    if publish != nil || alias != nil || cancelOnInterrupt {
      throw ValidationError("--publish, --alias and --cancel-on-interrupt are for a training on a server: name it with --server")
    }
  }

  func run() async throws {
    try await reporting { if registry.server == nil { try train() } else { try await trainThere() } }
  }

  private func trainThere() async throws {
    let server = try registry.requireServer()
    let target = publish.map { (model: $0, alias: alias) }
    let recipe = try changed(start().recipe)
    let training = RemoteTraining(server: server, publish: target, output: output ?? "\(recipe.name).safetensors", cancels: cancelOnInterrupt)
    try await training.train(recipe)
  }

  private func train() throws {
    let (chosen, table) = try start()
    let recipe = try changed(chosen)
    if printRecipe { return print(try JSONValue(parsing: Array(recipe.canonicalText().utf8)).indented()) }
    if let table { show(recipe, table) }

    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    TrainingMemory.keepFreedBlocks()
    let output = output ?? "\(recipe.name).safetensors"
    let claim = try OutputClaim(output)
    defer { withExtendedLifetime(claim) {} }
    if FileManager.default.fileExists(atPath: output) { CommandError.note("\(output) is there already; the trained model will replace it") }
    let recorder = noRecord ? nil : try registry.store.open()
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

  /// The recipe with what flags say in its place.
  private func changed(_ recipe: Recipe) throws -> Recipe {
    var recipe = recipe
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
    return recipe
  }

  /// The recipe from its file, or the one that a table comes to, which is then read already.
  private func start() throws -> (recipe: Recipe, table: DataSet?) {
    guard let path = recipe else { return try startFromData() }
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

  private func startFromData() throws -> (recipe: Recipe, table: DataSet?) {
    guard let data else { throw CommandError("Expected a recipe, or --data with the path of a table, an array, a text or a folder of pictures.") }
    var source = try DataSource(source: data, format: InputArguments.isTable(data) ? .csv : nil, limit: limit).readAnew.findingRange()
    // A text file is a table where it has columns.
    if data.lowercased().hasSuffix(".txt"), schema == nil, reading.given.isEmpty, !Self.hasColumns(data) { source.format = .text }
    if let schema {
      guard let text = FileManager.default.contents(atPath: schema) else { throw CommandError("There is no schema \(schema).") }
      source = source.reading(try TableSchema(parsing: [UInt8](text)))
    }
    source.reading = try source.format == .text ? nil : reading.values(or: source.reading)
    let items = try source.load(isMixed: true)
    let choice = try RecipeChoice(for: DataFacts(of: items), family: family, source: source)
    for reason in choice.reasons { CommandError.note("chosen: \(reason)") }
    // Windows of a text are cut when it is read again.
    return (choice.recipe, choice.recipe.data.window == nil ? items : nil)
  }

  /// Whether the first lines of a text file have as many fields each, and more than one.
  private static func hasColumns(_ path: String) -> Bool {
    guard let start = try? FileHandle(forReadingFrom: path.fileURL).read(upToCount: 1 << 14) else { return false }
    let lines = start.split(separator: UInt8(ascii: "\n")).dropLast().prefix(5)
    guard lines.count > 1 else { return false }
    return [",", ";", "\t", "|"].contains { separator in
      let counts = Set(lines.map { line in line.count { $0 == separator.utf8.first } })
      return counts.count == 1 && counts.first != 0
    }
  }

  /// What was chosen, on standard error.
  private func show(_ recipe: Recipe, _ table: DataSet) {
    for note in table.report?.notes ?? [] { CommandError.note(note) }
    if let columns = table.signature.space.table?.columns {
      let types = Dictionary(grouping: columns, by: \.type.rawValue).sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }
      CommandError.note("\(table.count) rows, columns: \(types.joined(separator: ", ")) (posterior data describe \(recipe.data.source))")
    }
    CommandError.note("chosen: \(recipe.choices) (--print-recipe shows all)")
  }
}
