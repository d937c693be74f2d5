import ArgumentParser
import Foundation
import Learning
import Modelling
import Robustness
import Service
import Tensors

/// `posterior bench attack MODEL`: steps of an attack, beside the matrix products of one forward and backward pass.
struct BenchAttackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack", abstract: "Times steps of an attack on items that the model itself draws.",
    discussion: """
      A step evaluates the loss and its gradient at one perturbed item and moves it. Beside it the machine's peak of multiply-adds, and OpenBLAS's sgemm, on the products of \
      that evaluation: of every linear layer the forward product and that of the input's gradient. Three ways: the restarts and budgets of an item one after the other, the runs of one item together, and \
      all runs together. In turn, round by round.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store.", completion: .file()) var model: String
  @OptionGroup var attack: SettingArguments<AuditPlan>
  @Option(help: "Items under attack.") var items = 16
  @Option(help: "Runs that are evaluated together, of the third way. (default: as many as audits do, 64 a thread)") var batch: Int?
  @Option(help: "Measurements, of which the median counts.") var rounds = 5
  @Option(help: "Seconds of each.") var seconds = 1.0
  @Option(help: "Threads. Default: one a core.") var threads: Int?
  @OptionGroup var store: StoreArguments

  func validate() throws {
    guard rounds > 0, seconds > 0, seconds <= 60, items > 0, batch ?? 1 > 0 else {
      throw ValidationError("--rounds, --items and --batch are 1 or more, --seconds up to 60.")
    }
  }

  func run() async throws { try await reporting(bench) }

  private func bench() throws {
    let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    Parallelism.width = threads
    TrainingMemory.keepFreedBlocks()
    let batch = batch ?? Audit.largestBatch
    let model = try store.load(model)
    guard let family = Capability.attackable.of(model.family) else {
      throw CommandError("The family \(type(of: model.family).name) can't be attacked.")
    }
    let drawn = try BenchedModel(reference: self.model, digest: model.digest, model: model).items(items, seed: 1, holes: false)
    let audit = try Audit(
      attack.values(), on: family, items: model.signature.toModel(Tensor(shape: [items, model.signature.width], scalars: drawn)), seed: 1)
    let together = audit.plan.restarts * audit.strengths.count
    let ways = [("one run at a time", 1), ("the \(together) runs of an item together", together), ("\(batch) runs together", batch)]
    let products = audit.productsOfStep(batch: batch)
    let multiplyAdds = products.reduce(0) { $0 + $1.multiplyAdds } / batch
    var machine = BenchedMachine(threads: threads)
    var (own, bound) = ([[Double]](repeating: [], count: ways.count), [Double]())
    for _ in 0..<rounds {
      for (way, (_, batch)) in ways.enumerated() { own[way].append(try audit.attackRate(batch: batch, seconds: seconds)) }
      if let rate = machine.openBLASRate(products, seconds: seconds) { bound.append(rate * Double(batch)) }
      machine.measureAgain()
    }
    print("\(audit.attackDescription), \(audit.objectiveName), \(items) items, \(threads) threads")
    print("\(multiplyAdds) multiply-adds a step, forward and backward")
    machine.print()
    if !bound.isEmpty { print("sgemm of the same products: \(Int(bound.median)) steps/s") }
    for (way, (name, _)) in ways.enumerated() {
      let ratio = bound.isEmpty ? "" : ", \(zip(own[way], bound).map { $0 / $1 }.spread) of sgemm's"
      let gains = zip(own[way], own[0]).map { $0 / $1 }
      let share = machine.share(multiplyAddsPerSecond: own[way].median * Double(multiplyAdds))
      print("\(name): \(Int(own[way].median)) steps/s, \(share)\(ratio), \(gains.spread) times one at a time")
    }
  }
}
