import ArgumentParser
import Formats
import Foundation
import Locking
import Registry
import Tensors
import Training

/// `posterior train RECIPE.json`: a run from a recipe to a model file.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model from a recipe.",
    discussion: "The same recipe on the same data gives the same file, also when the run was stopped and resumed. Flags override the recipe's fields."
  )

  @Argument(help: "A recipe in JSON; see deploy/recipes.") var recipe: String
  @Option(name: [.short, .long], help: "The model file to write. Default: NAME.safetensors.") var output: String?
  @Option(help: "Where the state between epochs is kept. Default: OUTPUT.checkpoint.") var checkpoint: String?
  @Flag(help: "Go on from the checkpoint.") var resume = false
  @Option(help: "Overrides `epochs`.") var epochs: Int?
  @Option(help: "Overrides `batch_size`.") var batchSize: Int?
  @Option(help: "Overrides `seed`.") var seed: UInt64?
  @Option(help: "Overrides `optimiser.rate`.") var rate: Float?
  @Option(help: "Overrides `data.source`.") var data: String?
  @Option(help: "Overrides `data.limit`.") var limit: Int?
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup var store: StoreArguments

  func run() async throws { try await reporting(train) }

  private func train() throws {
    guard let text = FileManager.default.contents(atPath: recipe) else { throw CommandError("There is no recipe \(recipe).") }
    var recipe = try Recipe(parsing: [UInt8](text))
    if let epochs { recipe.epochs = epochs }
    if let batchSize { recipe.batchSize = batchSize }
    if let seed { recipe.seed = seed }
    if let rate { recipe.optimiser.rate = rate }
    if let data { recipe.data = DataSource(source: data, limit: recipe.data.limit, columns: recipe.data.columns, missing: recipe.data.missing) }
    if let limit { recipe.data.limit = limit }
    try recipe.check()

    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    TrainingMemory.keepFreedBlocks()
    let output = output ?? "\(recipe.name).safetensors"
    let recorder = noRecord ? nil : try store.open()
    let training = Training(
      recipe, options: Training.Options(output: output, checkpoint: checkpoint ?? "\(output).checkpoint", resumes: resume), recorder: recorder,
      build: .current)
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
