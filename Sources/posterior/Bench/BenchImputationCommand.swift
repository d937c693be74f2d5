import ArgumentParser
import Benchmarking
import Dispatch
import Foundation
import Locking
import Modelling
import Service
import Tensors

/// `posterior bench imputation MODEL`: rows filled in a second, in process, beside the matrix products of the model's networks.
struct BenchImputationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "imputation", abstract: "Times the filling in of rows that the model itself draws, half of whose cells are missing.",
    discussion: """
      Each thread fills in batches of its own, as a server's lanes do, with the numbers already in the model's units and without writing an answer; its rate is by the processor time that it had. Three ways in turn, round by round: points of \
      least error, tables of sampled values, and points with what is believed of every missing cell (mean, deviation, quantiles). Beside them the machine's peak of multiply-adds, and OpenBLAS's sgemm, on the products of the \
      model's linear layers for these rows and draws; what is not a product of a linear layer counts as time alone, so a mixture, which has none, has no share.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store.", completion: .file()) var model: String
  @Option(help: "Rows filled in together.") var items = 256
  @Option(help: "Latent draws a row.") var draws = 10
  @Option(help: "Measurements, of which the median counts.") var rounds = 5
  @Option(help: "Seconds of each, a thread.") var seconds = 1.0
  @Option(help: "Threads. Default: one a core.") var threads: Int?
  @OptionGroup var store: StoreArguments

  func validate() throws {
    guard (1...10_000).contains(rounds), seconds > 0, seconds <= 60 else { throw ValidationError("--rounds is 1 to 10000, --seconds up to 60.") }
    guard (1...65_536).contains(items), (1...1000).contains(draws) else { throw ValidationError("--items is 1 to 65536, --draws 1 to 1000.") }
    if let threads { guard (1...256).contains(threads) else { throw ValidationError("--threads is \(threads), expected 1 to 256.") } }
  }

  func run() async throws { try await reporting(bench) }

  private func bench() throws {
    let (threads, draws) = (threads ?? ProcessInfo.processInfo.activeProcessorCount, draws)
    Parallelism.width = 1
    let model = try store.load(model)
    guard let family = Capability.imputing.of(model.family) else {
      throw CommandError("The family \(type(of: model.family).name) can't fill anything in.")
    }
    let rows = try BenchedModel(reference: self.model, digest: model.digest, model: model).items(items, seed: 1, holes: true)
    let x = model.signature.toModel(Tensor(shape: [items, model.signature.width], scalars: rows))
    let ways: [(name: String, call: @Sendable (RowKeys) -> Void)] = [
      ("points", { keys in _ = family.impute(x, draws: draws, keys: keys, wanted: .point) }),
      ("draws", { keys in _ = family.impute(x, draws: draws, keys: keys, wanted: .draws) }),
      ("points with quantiles", { keys in _ = family.impute(x, draws: draws, keys: keys, wanted: [.point, .marginals]) }),
    ]
    let keys = RowKeys(RandomKey(seed: 1), rows: 0..<items)
    let products = ProductRecorder.record { ways[0].call(keys) }
    let multiplyAdds = Double(products.reduce(0) { $0 + $1.multiplyAdds }) / Double(items)
    var machine = BenchedMachine(threads: threads)
    var (own, bound) = ([[Double]](repeating: [], count: ways.count), [Double]())
    for _ in 0..<rounds {
      for (way, (_, call)) in ways.enumerated() { own[way].append(rate(threads, keys, call)) }
      if !products.isEmpty, let rate = machine.openBLASRate(products, seconds: seconds) { bound.append(rate * Double(items)) }
      machine.measureAgain()
    }
    print("\(type(of: model.family).name), \(items) rows at once, \(draws) draws, \(threads) threads")
    if !products.isEmpty { print("\(Int(multiplyAdds)) multiply-adds a row in linear layers") }
    machine.print()
    if !bound.isEmpty { print("sgemm of the same products: \(Int(bound.median)) rows/s") }
    for ((name, _), rates) in zip(ways, own) {
      let share = products.isEmpty ? "" : ", \(machine.share(multiplyAddsPerSecond: rates.median * multiplyAdds))"
      let ratio = bound.isEmpty ? "" : ", \(zip(rates, bound).map { $0 / $1 }.spread) of sgemm's"
      let sorted = rates.sorted()
      print("\(name): \(Int(rates.median)) rows/s (\(Int(sorted[0])) to \(Int(sorted[sorted.count - 1])))\(share)\(ratio)")
    }
  }

  /// Rows a second of all threads together, each by the processor time that it had, as the machine's limits are measured.
  private func rate(_ threads: Int, _ keys: RowKeys, _ call: @Sendable (RowKeys) -> Void) -> Double {
    let (items, seconds) = (Double(items), seconds)
    let total = Protected(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let start = MachineLimits.processorNanoseconds()
      var (calls, elapsed) = (0, 0.0)
      repeat {
        call(keys.split(thread).split(calls))
        calls += 1
        elapsed = 1e-9 * (MachineLimits.processorNanoseconds() - start)
      } while elapsed < seconds
      total.withLock { $0 += Double(calls) * items / elapsed }
    }
    return total.withLock { $0 }
  }
}
