import ArgumentParser
import Data
import Families
import Formats
import Foundation
import Learning
import Modelling
import Networks
import Optimisation
import Tensors

/// `posterior bench training RECIPE.json`: gradient steps of a recipe's model, beside the matrix products that they are made of.
struct BenchTrainingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training", abstract: "Times gradient steps of a recipe's model on its first items.",
    discussion: """
      Items a second of a step's loss and gradient, without reading data and without the optimiser; beside them the machine's peak of multiply-adds, and OpenBLAS's \
      sgemm, on the same products: of every linear layer the forward product, that of the weight's gradient, and, but for layers of the data themselves, that of the \
      input's. In turn, round by round.
      """)

  @Argument(help: "A recipe in JSON; see deploy/recipes.") var recipe: String
  @Option(help: "Overrides `batch_size`.") var batchSize: Int?
  @Option(help: "Overrides `configuration.components`, of families that have it.") var components: Int?
  @Option(help: "Measurements, of which the median counts.") var rounds = 5
  @Option(help: "Seconds of each.") var seconds = 1.0
  @Option(help: "Threads. Default: one a core.") var threads: Int?

  func validate() throws {
    guard rounds > 0, seconds > 0, seconds <= 60 else { throw ValidationError("--rounds is 1 or more, --seconds up to 60.") }
  }

  func run() async throws { try await reporting(bench) }

  private func bench() throws {
    guard let text = FileManager.default.contents(atPath: self.recipe) else { throw CommandError("There is no recipe \(self.recipe).") }
    var recipe = try Recipe(parsing: [UInt8](text))
    if let batchSize { recipe.batchSize = batchSize }
    if let components, case .object(let members) = recipe.configuration {
      recipe.configuration = .object(members.filter { $0.name != "components" } + [.init(name: "components", value: .integer(components))])
    }
    try recipe.validate()
    guard let family = Catalogue.family(named: recipe.family) as? any GradientTrainable.Type else {
      throw CommandError("The family \(recipe.family) learns by no gradient of one loss.")
    }
    try measure(family, recipe)
  }

  private func measure<Family: GradientTrainable>(_: Family.Type, _ recipe: Recipe) throws {
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    Parallelism.width = threads
    TrainingMemory.keepFreedBlocks()
    let data = try recipe.loadData(families: Catalogue.families)
    let batch = min(recipe.batchSize, data.count)
    let kept = try recipe.labels.flatMap { selection in try data.labels.map { try selection.kept(of: $0, among: Array(0..<data.count)) } }
    let known = min(recipe.labels?.batchSize ?? batch, kept?.items.count ?? 0)
    var signature = data.standardised(over: Array(0..<data.count)).signature
    signature.classes = kept?.classes.isEmpty == false ? kept?.classes : nil
    let model = try Family(
      StrictJSON.decode(Family.Configuration.self, from: recipe.configuration), signature: signature, key: RandomKey(seed: recipe.seed))
    let options = try StrictJSON.decode(Family.TrainingOptions.self, from: recipe.training)
    let labels = BatchLabels(classes: Array(kept?.codes.prefix(known) ?? []), labelledItems: kept?.items.count ?? 0, items: data.count)
    let items = data.adopting(signature).batch(Array(0..<batch) + (kept?.items.prefix(known) ?? []))
    let pass = { (mode: Mode) in
      Pass(mode: mode, keys: RowKeys(RandomKey(seed: recipe.seed), rows: 0..<items.shape[0]), epoch: Float(recipe.epochs))
    }
    func step() -> Objective {
      valueAndGradient(at: model.network, loss: \.loss) { model.objective($0, batch: Batch(items, labels: labels), options: options, pass: pass($1)) }
        .value
    }
    var last: Objective?
    let forward = ProductRecorder.record { last = step() }
    guard last?.loss.isFinite == true else { throw CommandError("The loss of the first step is not finite.") }
    let products = forward.flatMap { shape -> [ProductShape] in
      let weight = ProductShape(rows: shape.outputs, outputs: shape.inner, inner: shape.rows)
      let input = ProductShape(rows: shape.rows, outputs: shape.inner, inner: shape.outputs)
      return [shape, weight] + (shape.inner == signature.width ? [] : [input])
    }
    var machine = BenchedMachine(threads: threads)
    var (own, bound): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      own.append(rate { _ = step() } * Double(batch))
      // A step's products share the cores; the yardstick has a copy of them on each.
      if let rate = machine.openBLASRate(products, seconds: seconds) { bound.append(rate * Double(batch)) }
      machine.measureAgain()
    }
    let multiplyAdds = products.reduce(0) { $0 + $1.multiplyAdds } / batch
    print("\(recipe.family), batch \(batch)\(known > 0 ? " + \(known) labelled" : ""), \(threads) threads")
    print("\(multiplyAdds) multiply-adds an item, forward and backward")
    machine.print()
    let beside = bound.isEmpty ? "" : "; sgemm of the same products \(Int(bound.median)) items/s, ratio \(zip(own, bound).map { $0 / $1 }.spread)"
    print("\(Int(own.median)) items/s, \(machine.share(multiplyAddsPerSecond: own.median * Double(multiplyAdds)))\(beside)")
  }

  /// Calls a second.
  private func rate(_ body: () -> Void) -> Double {
    body()
    let start = ContinuousClock.now
    var (count, elapsed) = (0, Duration.zero)
    repeat {
      body()
      count += 1
      elapsed = ContinuousClock.now - start
    } while elapsed < .seconds(seconds)
    return Double(count) / (elapsed / .seconds(1))
  }
}
